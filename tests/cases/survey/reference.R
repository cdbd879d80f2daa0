# Makes the reference values of r_survey.yaml: one case is a design, a calibration, a statistic, the
# call of R survey, and what it gave. Run in this folder: Rscript reference.R DATA_FOLDER > r_survey.json
source("answers.R")
folder <- commandArgs(TRUE)[1]
read <- function(name) read.csv(file.path(folder, paste0(name, ".csv")), stringsAsFactors = TRUE)
apistrat <- read("apistrat"); apiclus1 <- read("apiclus1"); apiclus2 <- read("apiclus2")
pairs <- apistrat[apistrat$stype == "E", ][1:14, ]
pairs$pair <- rep(1:7, each = 2)

designs <- list(
  strat = list(data = "apistrat", design = list(weights = "pw", strata = "stype", fpc = "fpc"),
    call = 'svydesign(id = ~1, strata = ~stype, weights = ~pw, data = apistrat, fpc = ~fpc)'),
  strat_wr = list(data = "apistrat", design = list(weights = "pw", strata = "stype"),
    call = 'svydesign(id = ~1, strata = ~stype, weights = ~pw, data = apistrat)'),
  element = list(data = "apistrat", design = list(weights = "pw"),
    call = 'svydesign(id = ~1, weights = ~pw, data = apistrat)'),
  strat_fpc_only = list(data = "apistrat", design = list(strata = "stype", fpc = "fpc"),
    call = 'svydesign(id = ~1, strata = ~stype, data = apistrat, fpc = ~fpc)'),
  clus1 = list(data = "apiclus1", design = list(weights = "pw", clusters = "dnum", fpc = "fpc"),
    call = 'svydesign(id = ~dnum, weights = ~pw, data = apiclus1, fpc = ~fpc)'),
  clus1_wr = list(data = "apiclus1", design = list(weights = "pw", clusters = "dnum"),
    call = 'svydesign(id = ~dnum, weights = ~pw, data = apiclus1)'),
  clus1_nested = list(data = "apiclus1",
    design = list(weights = "pw", clusters = "dnum", strata = "stype", nested = TRUE),
    call = 'svydesign(id = ~dnum, strata = ~stype, weights = ~pw, data = apiclus1, nest = TRUE)'),
  clus2 = list(data = "apiclus2",
    design = list(clusters = c("dnum", "snum"), fpc = c("fpc1", "fpc2")),
    call = 'svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = apiclus2)'),
  clus2_pw = list(data = "apiclus2",
    design = list(weights = "pw", clusters = c("dnum", "snum"), fpc = c("fpc1", "fpc2")),
    call = 'svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, weights = ~pw, data = apiclus2)'),
  clus2_wr = list(data = "apiclus2", design = list(weights = "pw", clusters = "dnum"),
    call = 'svydesign(id = ~dnum, weights = ~pw, data = apiclus2)'),
  lonely_adjust = list(data = "apiclus2", option = "adjust",
    design = list(weights = "pw", clusters = "dnum", strata = "cname", lonely = "adjust"),
    call = 'svydesign(id = ~dnum, strata = ~cname, weights = ~pw, data = apiclus2)'),
  lonely_certainty = list(data = "apiclus2", option = "certainty",
    design = list(weights = "pw", clusters = "dnum", strata = "cname", lonely = "certainty"),
    call = 'svydesign(id = ~dnum, strata = ~cname, weights = ~pw, data = apiclus2)'),
  lonely_average = list(data = "apiclus2", option = "average",
    design = list(weights = "pw", clusters = "dnum", strata = "cname", lonely = "average"),
    call = 'svydesign(id = ~dnum, strata = ~cname, weights = ~pw, data = apiclus2)'),
  jk1 = list(data = "apiclus1", design = list(weights = "pw", clusters = "dnum", fpc = "fpc"),
    replicates = list(make = "with_jackknife"),
    call = 'as.svrepdesign(svydesign(id = ~dnum, weights = ~pw, data = apiclus1, fpc = ~fpc))'),
  jk1_mse = list(data = "apiclus1", design = list(weights = "pw", clusters = "dnum"),
    replicates = list(make = "with_jackknife", mse = TRUE),
    call = 'as.svrepdesign(svydesign(id = ~dnum, weights = ~pw, data = apiclus1), mse = TRUE)'),
  jkn = list(data = "apistrat", design = list(weights = "pw", strata = "stype", fpc = "fpc"),
    replicates = list(make = "with_jackknife"),
    call = 'as.svrepdesign(svydesign(id = ~1, strata = ~stype, weights = ~pw, data = apistrat, fpc = ~fpc))'),
  jkn_clusters = list(data = "apiclus1",
    design = list(weights = "pw", clusters = "dnum", strata = "stype", nested = TRUE),
    replicates = list(make = "with_jackknife"),
    call = 'as.svrepdesign(svydesign(id = ~dnum, strata = ~stype, weights = ~pw, data = apiclus1, nest = TRUE))'),
  brr = list(data = "pairs", design = list(weights = "pw", strata = "pair"),
    replicates = list(make = "with_balanced_replicates", order = 8),
    call = 'as.svrepdesign(svydesign(id = ~1, strata = ~pair, weights = ~pw, data = pairs), type = "BRR", hadamard.matrix = h8)'),
  fay = list(data = "pairs", design = list(weights = "pw", strata = "pair"),
    replicates = list(make = "with_balanced_replicates", order = 8, fay = 0.3),
    call = 'as.svrepdesign(svydesign(id = ~1, strata = ~pair, weights = ~pw, data = pairs), type = "Fay", fay.rho = 0.3, hadamard.matrix = h8)')
)
h2 <- matrix(c(1, 1, 1, -1), 2); h8 <- kronecker(h2, kronecker(h2, h2))

stype <- 'data.frame(stype = c("E", "H", "M"), Freq = c(4421, 755, 1018))'
wide <- 'data.frame(sch.wide = c("No", "Yes"), Freq = c(1072, 5122))'
m_stype <- list(E = 4421, H = 755, M = 1018)
m_wide <- list(No = 1072, Yes = 5122)
pop <- 'c(`(Intercept)` = 6194, stypeH = 755, stypeM = 1018, api99 = 3914069)'
two <- list(stype = m_stype, sch.wide = m_wide)
with99 <- list(stype = m_stype, api99 = 3914069)
raked <- sprintf('calibrate(d, list(~stype, ~sch.wide), list(%s, %s), calfun = "raking", epsilon = 1e-14)', stype, wide)
calibrations <- list(
  poststratify = list(margins = list(stype = m_stype), options = list(method = "poststratify"),
    call = sprintf('postStratify(d, ~stype, %s)', stype)),
  crossed = list(margins = list("stype|sch.wide" = list("E|No" = 700, "E|Yes" = 3721, "H|No" = 200, "H|Yes" = 555, "M|No" = 172, "M|Yes" = 846)),
    options = list(method = "poststratify"),
    call = 'postStratify(d, ~stype + sch.wide, data.frame(stype = rep(c("E", "H", "M"), each = 2), sch.wide = rep(c("No", "Yes"), 3), Freq = c(700, 3721, 200, 555, 172, 846)))'),
  raking = list(margins = two, options = list(method = "raking"), call = raked),
  linear_two = list(margins = two, options = list(method = "linear"), call = sub('"raking"', '"linear"', raked)),
  raking_bounds = list(margins = two, options = list(method = "raking", bounds = c(0.88, 1.63)),
    call = sub(")$", ", bounds = c(0.88, 1.63), maxit = 200)", raked)),
  linear = list(margins = with99, options = list(method = "linear"),
    call = sprintf('calibrate(d, ~stype + api99, %s)', pop)),
  linear_bounds = list(margins = with99, options = list(method = "linear", bounds = c(0.7, 1.75)),
    call = sprintf('calibrate(d, ~stype + api99, %s, calfun = "linear", bounds = c(0.7, 1.75), epsilon = 1e-13, maxit = 200)', pop)),
  logit = list(margins = with99, options = list(method = "logit", bounds = c(0.5, 2.5)),
    call = sprintf('calibrate(d, ~stype + api99, %s, calfun = "logit", bounds = c(0.5, 2.5), epsilon = 1e-13, maxit = 200)', pop)),
  raking_numeric = list(margins = with99, options = list(method = "raking"),
    call = sprintf('calibrate(d, ~stype + api99, %s, calfun = "raking", epsilon = 1e-13)', pop)),
  numeric_only = list(margins = list(api99 = 3914069), options = list(method = "linear", population = 6194),
    call = 'calibrate(d, ~api99, c(`(Intercept)` = 6194, api99 = 3914069))')
)

shares <- function(method) {
  p <- svyciprop(~I(stype == "H"), d, method = method); ci <- confint(p)
  list(row(coef(p), SE(p), low = ci[1], high = ci[2]))
}
gini <- function(d) {
  w <- weights(d, "sampling"); y <- d$variables$enroll; N <- sum(w); Y <- sum(w * y)
  D <- as.vector(abs(outer(y, y, "-")) %*% w); G <- sum(w * D) / (2 * N * Y)
  z <- (D / Y - G * (1 + N * y / Y)) / N
  list(row(G, SE(svytotal(z, d))))
}
q5 <- c(0.1, 0.25, 0.5, 0.75, 0.9)
statistics <- list(
  mean = list(ask = list("mean", variable = "api00"), call = 'plain(svymean(~api00, d, deff = TRUE), TRUE)'),
  mean_missing = list(ask = list("mean", variable = "acs.core"), call = 'plain(svymean(~acs.core, d, na.rm = TRUE), of = subset(d, !is.na(acs.core)))', linear = TRUE),
  total = list(ask = list("total", variable = "api.stu"), call = 'plain(svytotal(~api.stu, d))'),
  counts = list(ask = list("count", variable = "stype"), call = 'plain(svytotal(~stype, d))'),
  shares = list(ask = list("proportion", variable = "awards", interval = "wald"), call = 'plain(svymean(~awards, d))'),
  mean_by = list(ask = list("mean", variable = "api00", by = "stype"), call = 'grouped(svyby(~api00, ~stype, d, svymean))'),
  total_by = list(ask = list("total", variable = "api.stu", by = "awards"), call = 'grouped(svyby(~api.stu, ~awards, d, svytotal))'),
  shares_by = list(ask = list("proportion", variable = "stype", by = "awards"), call = 'grouped(svyby(~stype, ~awards, d, svymean), 3)'),
  ratio = list(ask = list("ratio", numerator = "api.stu", denominator = "enroll"), call = 'ratios(svyratio(~api.stu, ~enroll, d))', enroll = TRUE),
  ratio_by = list(ask = list("ratio", numerator = "api.stu", denominator = "enroll", by = "sch.wide"), call = 'grouped(svyby(~api.stu, ~sch.wide, denominator = ~enroll, d, svyratio))', enroll = TRUE),
  domain = list(ask = list("mean", variable = "api99", over = list(stype = "E", awards = "Yes")), call = 'bare(svymean(~api99, subset(d, stype == "E" & awards == "Yes")))'),
  quantiles = list(ask = list("quantile", variable = "api00", probabilities = q5), call = 'quantiles(svyquantile(~api00, d, q5, interval.type = "mean"))', linear = TRUE),
  quantiles_school = list(ask = list("quantile", variable = "api00", probabilities = q5, rule = "school"), call = 'quantiles(svyquantile(~api00, d, q5, qrule = "school"))', linear = TRUE),
  median_domain = list(ask = list("median", variable = "api99", over = list(stype = "E")), call = 'quantiles(svyquantile(~api99, subset(d, stype == "E"), 0.5))', linear = TRUE),
  logit = list(ask = list("proportion", variable = "stype", interval = "logit", pick = "H"), call = 'shares("xlogit")', linear = TRUE),
  beta = list(ask = list("proportion", variable = "stype", interval = "beta", pick = "H"), call = 'shares("beta")', linear = TRUE),
  gini = list(ask = list("gini", variable = "enroll"), call = 'gini(d)', linear = TRUE, enroll = TRUE)
)

run <- function(id, of, calibration, statistic) {
  options(survey.lonely.psu = if (is.null(of$option)) "fail" else of$option)
  d <<- d0 <<- eval(parse(text = of$call))
  if (!is.null(calibration)) d <<- suppressWarnings(eval(parse(text = calibration$call)))
  expected <- suppressWarnings(eval(parse(text = statistic$call)))
  call <- paste(c(paste("d <-", of$call), if (!is.null(calibration)) paste("d <-", calibration$call), statistic$call), collapse = "; ")
  list(id = id, data = of$data, design = of$design, replicates = of$replicates,
    margins = calibration$margins, options = calibration$options, ask = statistic$ask,
    call = call, expected = expected)
}
cases <- list()
add <- function(of, cal, stat) {
  id <- paste(c(of, cal, stat), collapse = " / ")
  found <- tryCatch(run(id, designs[[of]], if (is.null(cal)) NULL else calibrations[[cal]], statistics[[stat]]),
    error = function(e) { message(id, ": ", conditionMessage(e)); NULL })
  if (!is.null(found)) cases[[length(cases) + 1]] <<- found
}
has_enroll <- c("apistrat", "apiclus1", "pairs")
for (of in names(designs)) for (stat in names(statistics)) {
  asked <- statistics[[stat]]; made <- designs[[of]]
  if (isTRUE(asked$enroll) && !made$data %in% has_enroll) next
  if (isTRUE(asked$linear) && !is.null(made$replicates)) next
  # R takes the average over the strata of the domain alone; see docs/algorithms/survey-variance.md.
  if (of == "lonely_average" && grepl("_by|missing|domain", stat)) next
  # Where the variance is 0, R gives no interval.
  if (stat %in% c("beta", "logit") && startsWith(of, "strat")) next
  if (made$data == "pairs" && !stat %in% c("mean", "total", "ratio")) next
  add(of, NULL, stat)
}
for (of in c("strat", "clus1", "clus1_wr", "clus2_pw", "jk1", "jkn")) for (cal in names(calibrations)) {
  if (of %in% c("jk1", "jkn") && !cal %in% c("poststratify", "raking", "linear", "linear_bounds")) next
  # Two replicates have no weights within these bounds: R goes on with those that it reached.
  if (of == "jk1" && cal == "linear_bounds") next
  for (stat in c("mean", "total", "mean_by", "shares", "shares_by", "ratio", "domain", "quantiles", "logit", "gini")) {
    asked <- statistics[[stat]]
    if (isTRUE(asked$enroll) && designs[[of]]$data == "apiclus2") next
    if (isTRUE(asked$linear) && of %in% c("jk1", "jkn")) next
    add(of, cal, stat)
  }
}
written(cases)
