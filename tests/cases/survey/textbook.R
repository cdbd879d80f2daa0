# Makes the textbook cases of textbook.yaml. A case has what R survey (or another package, named in
# its call) gives and, where the source prints its answer, the figures as they are printed there.
# Run in this folder: Rscript textbook.R textbook > textbook.json
source("answers.R")
folder <- commandArgs(TRUE)[1]
cases <- list()
tables <- list()
table_of <- function(name) {
  if (is.null(tables[[name]])) {
    plain_file <- file.path(folder, paste0(name, ".csv"))
    if (!file.exists(plain_file)) plain_file <- file.path("api", paste0(name, ".csv"))
    tables[[name]] <<- read.csv(if (file.exists(plain_file)) plain_file else gzfile(file.path(folder, paste0(name, ".csv.gz"))))
  }
  tables[[name]]
}
#: A design as both sides write it; `x` is the table, `d` the design, `d0` before calibration.
design <- function(source, data, spec, call, option = "fail", replicates = NULL, calibrated = NULL, margins = NULL, options = NULL)
  list(source = source, data = data, design = spec, call = call, option = option, replicates = replicates,
    calibrated = calibrated, margins = margins, options = options)
ask <- function(of, name, wanted, call, printed = NULL, within = NULL) {
  options(survey.lonely.psu = of$option)
  x <<- table_of(of$data)
  d <<- d0 <<- eval(parse(text = of$call))
  if (!is.null(of$calibrated)) d <<- suppressWarnings(eval(parse(text = of$calibrated)))
  found <- tryCatch(suppressWarnings(eval(parse(text = call))), error = function(e) stop(paste(of$data, name), ": ", e))
  full <- paste(c(paste("d <-", of$call), if (!is.null(of$calibrated)) paste("d <-", of$calibrated), call), collapse = "; ")
  cases[[length(cases) + 1]] <<- list(id = paste(of$source, of$data, name, sep = " / "), source = of$source,
    data = of$data, design = of$design, replicates = of$replicates, margins = of$margins, options = of$options,
    ask = wanted, call = full, within = within, printed = printed, expected = found)
}
mean_of <- function(v, ...) list("mean", variable = v, ...)
total_of <- function(v, ...) list("total", variable = v, ...)
ratio_of <- function(a, b, ...) list("ratio", numerator = a, denominator = b, ...)
shares_of <- function(v, how = "wald", ...) list("proportion", variable = v, interval = how, ...)
printed <- function(value, se = NULL) list(c(list(value = value), if (!is.null(se)) list(se = se)))
# With missing answers, R counts everybody in the chi-square of Pearson: only those who answered are asked here.
independence <- function(f) {
  d <- subset(d, complete.cases(d$variables[all.vars(f)]))
  F <- svychisq(f, d, statistic = "F"); X <- svychisq(f, d, statistic = "Chisq")
  list(lapply(list(value = X$statistic, f = F$statistic, above = F$parameter[1], below = F$parameter[2], p = F$p.value), as.numeric))
}
# The correction of « beta » counts the rows of the design: only those who answered are asked here.
share <- function(f, method) {
  d <- subset(d, complete.cases(d$variables[all.vars(f)]))
  p <- svyciprop(f, d, method = method); ci <- confint(p)
  list(row(coef(p), SE(p), low = ci[1], high = ci[2]))
}
# Wilson's interval, by prop.test on the effective size: it takes the normal distribution.
wilson <- function(f) { p <- svymean(f, d, na.rm = TRUE); n <- coef(p) * (1 - coef(p)) / as.numeric(SE(p))^2
  ci <- prop.test(coef(p) * n, n, correct = FALSE)$conf.int; list(row(coef(p), SE(p), low = ci[1], high = ci[2])) }
weights_of <- function(rows) lapply(unname(weights(d))[rows], function(w) list(value = as.numeric(w)))
contrast <- function(e, k) list(row(coef(k <- svycontrast(e, k)), SE(k)))

# Lohr ----------------------------------------------------------------------------------------
gpa <- design("Lohr", "lohr_gpa", list(weights = "w", clusters = "suite", fpc = "suites"),
  'svydesign(id = ~suite, weights = ~w, fpc = ~suites, data = x)')
ask(gpa, "total (example 5.2)", total_of("gpa"), 'plain(svytotal(~gpa, d))', printed("1130.4", "65.466"))
ask(gpa, "mean (example 5.2)", mean_of("gpa"), 'plain(svymean(~gpa, d, deff = TRUE), TRUE)', printed("2.826"))
ask(gpa, "quartiles", list("quantile", variable = "gpa", probabilities = c(0.25, 0.5, 0.75)), 'quantiles(svyquantile(~gpa, d, c(0.25, 0.5, 0.75)))')
classes <- design("Lohr", "lohr_classes", list(weights = "w"), 'svydesign(id = ~1, weights = ~w, data = x)')
ask(classes, "PPS with replacement, total (statistics classes)", total_of("hours"), 'plain(svytotal(~hours, d))', printed("1749.014", "222.42"))
ask(classes, "PPS with replacement, ratio", ratio_of("hours", "students"), 'ratios(svyratio(~hours, ~students, d))')
trees <- design("Lohr", "lohr_trees", list(weights = "w", fpc = "plots"), 'svydesign(id = ~1, weights = ~w, fpc = ~plots, data = x)')
ask(trees, "mean", mean_of("field"), 'plain(svymean(~field, d, deff = TRUE), TRUE)')
ask(trees, "ratio", ratio_of("field", "photo"), 'ratios(svyratio(~field, ~photo, d))')
regressed <- modifyList(trees, list(calibrated = 'calibrate(d, ~photo, c(`(Intercept)` = 100, photo = 1130))',
  margins = list(photo = 1130), options = list(method = "linear", population = 100)))
ask(regressed, "regression estimator (dead trees)", mean_of("field"), 'plain(svymean(~field, d))', printed("11.99"))
ask(regressed, "regression estimator, total", total_of("field"), 'plain(svytotal(~field, d))')
farms <- design("Lohr", "lohr_farms", list(strata = "region", fpc = "counties"), 'svydesign(id = ~1, strata = ~region, fpc = ~counties, data = x)')
ask(farms, "stratified total (example 3.2)", total_of("acres"), 'plain(svytotal(~acres, d, deff = TRUE), TRUE)', printed("9.09736E+8", "50417248"))
ask(farms, "means by stratum", mean_of("acres", by = "region"), 'grouped(svyby(~acres, ~region, d, svymean))')
halves <- design("Lohr", "lohr_halves", list(weights = "w", strata = "h"), 'svydesign(id = ~1, strata = ~h, weights = ~w, data = x)')
ask(halves, "stratified mean (table 9.2)", mean_of("y"), 'plain(svymean(~y, d))', printed("4451.7", "236.4165"))
h8 <- kronecker(matrix(c(1, 1, 1, -1), 2), kronecker(matrix(c(1, 1, 1, -1), 2), matrix(c(1, 1, 1, -1), 2)))
for (rho in c(0, 0.5)) ask(
  modifyList(halves, list(replicates = list(make = "with_balanced_replicates", order = 8, fay = rho),
    call = sprintf('as.svrepdesign(svydesign(id = ~1, strata = ~h, weights = ~w, data = x), type = "%s", %shadamard.matrix = h8)',
      if (rho) "Fay" else "BRR", if (rho) "fay.rho = 0.5, " else ""))),
  if (rho) "mean, Fay 0.5" else "mean, balanced half-samples", mean_of("y"), 'plain(svymean(~y, d))', printed("4451.7", "236.4165"))

# Cochran -------------------------------------------------------------------------------------
cities <- design("Cochran", "cochran_cities", list(fpc = "cities"), 'svydesign(id = ~1, fpc = ~cities, data = x)')
ask(cities, "49 cities: ratio (section 6.2)", ratio_of("y1930", "y1920"), 'ratios(svyratio(~y1930, ~y1920, d))', printed("1.239"))
ask(cities, "49 cities: simple expansion", total_of("y1930"), 'plain(svytotal(~y1930, d, deff = TRUE), TRUE)', printed("25048"))
ratio_estimator <- 'list(row(predict(r <- svyratio(~y1930, ~y1920, d), total = 22919, se = TRUE)$total, predict(r, total = 22919)$se))'
ask(cities, "49 cities: ratio estimate of the total", ratio_of("y1930", "y1920", times = 22919), ratio_estimator, printed("28397"))
by_regression <- modifyList(cities, list(calibrated = 'calibrate(d, ~y1920, c(`(Intercept)` = 196, y1920 = 22919))',
  margins = list(y1920 = 22919), options = list(method = "linear", population = 196)))
ask(by_regression, "49 cities: regression estimate", total_of("y1930"), 'plain(svytotal(~y1930, d))')
ask(cities, "49 cities: median", list("median", variable = "y1930"), 'quantiles(svyquantile(~y1930, d, 0.5))')

# Lehtonen & Pahkinen ---------------------------------------------------------------------------
source_of <- "Lehtonen & Pahkinen"
one <- design(source_of, "lehtonen_strata", list(weights = "wt", strata = "str", clusters = "clu", fpc = "fpc"),
  'svydesign(id = ~clu, strata = ~str, weights = ~wt, fpc = ~fpc, data = x)')
ask(one, "stratified mean (p. 74)", mean_of("ue91"), 'plain(svymean(~ue91, d, deff = TRUE), TRUE)', printed("475.33", "133.73"))
ask(one, "stratified ratio (p. 74)", ratio_of("ue91", "lab91"), 'ratios(svyratio(~ue91, ~lab91, d))', printed("0.1277788", "0.003173564"))
ask(one, "totals by stratum", total_of("ue91", by = "str"), 'grouped(svyby(~ue91, ~str, d, svytotal))')
two <- design(source_of, "lehtonen_certain", list(weights = "wt", strata = "str", clusters = "clu", fpc = "fpc"),
  'svydesign(id = ~clu, strata = ~str, weights = ~wt, fpc = ~fpc, data = x)')
ask(two, "a unit taken for sure, by its size (p. 60)", total_of("ue91"), 'plain(svytotal(~ue91, d))', printed("15077", "458.53"))
for (how in c("certainty", "adjust")) {
  without <- design(source_of, "lehtonen_certain", list(weights = "wt", strata = "str", clusters = "clu", lonely = how),
    'svydesign(id = ~clu, strata = ~str, weights = ~wt, data = x)', option = how)
  ask(without, paste("a unit taken for sure, rule", how, "(p. 60)"), total_of("ue91"), 'plain(svytotal(~ue91, d))',
    if (how == "certainty") printed("15077", "521.12"))
  ask(without, paste("mean, rule", how), mean_of("ue91"), 'plain(svymean(~ue91, d))', if (how == "certainty") printed("445.18", "150.47"))
}
three <- design(source_of, "lehtonen_clusters", list(weights = "wt", clusters = "clu", fpc = "fpc"),
  'svydesign(id = ~clu, weights = ~wt, fpc = ~fpc, data = x)')
ask(three, "clusters, total (p. 29)", total_of("ue91"), 'plain(svytotal(~ue91, d))', printed("13188", "3814.9"))
ask(three, "clusters, second total (p. 29)", total_of("lab91"), 'plain(svytotal(~lab91, d))', printed("102004", "34473.4"))
ask(three, "clusters, ratio (p. 29)", ratio_of("ue91", "lab91"), 'ratios(svyratio(~ue91, ~lab91, d))', printed("0.1292890", "0.006295318"))
ask(modifyList(three, list(replicates = list(make = "with_jackknife"),
  call = 'as.svrepdesign(svydesign(id = ~clu, weights = ~wt, fpc = ~fpc, data = x))')), "clusters, ratio, jackknife",
  ratio_of("ue91", "lab91"), 'ratios(svyratio(~ue91, ~lab91, d))', printed("0.1292890", "0.007168699"))
four <- design(source_of, "lehtonen_poststrata", list(weights = "wt", fpc = "fpc"), 'svydesign(id = ~id, weights = ~wt, fpc = ~fpc, data = x)',
  calibrated = 'postStratify(d, ~poststr, data.frame(poststr = 1:2, Freq = c(7, 25)))',
  margins = list(poststr = list(`1` = 7, `2` = 25)), options = list(method = "poststratify"))
ask(four, "post-stratified mean", mean_of("ue91"), 'plain(svymean(~ue91, d))', printed("565.81", "187.93"))
ask(four, "post-stratified total", total_of("ue91"), 'plain(svytotal(~ue91, d))', printed("18106", "6013.6"))
ask(four, "post-stratified means by group", mean_of("ue91", by = "poststr"), 'grouped(svyby(~ue91, ~poststr, d, svymean))',
  list(list(value = "1868.0", se = "852.35238"), list(value = "201.2", se = "30.07237")))

# Levy & Lemeshow -------------------------------------------------------------------------------
hospital <- design("Levy & Lemeshow", "levy_hospital", list(weights = "weighta", strata = "oblevel", fpc = "tothosp"),
  'svydesign(id = ~hospno, strata = ~oblevel, weights = ~weighta, fpc = ~tothosp, data = x)')
ask(hospital, "births, mean", mean_of("births"), 'plain(svymean(~births, d, deff = TRUE), TRUE)', printed("1164.4", "215.28"))
ask(hospital, "births, total", total_of("births"), 'plain(svytotal(~births, d))', printed("183983", "34014"))
ask(hospital, "births, means by level", mean_of("births", by = "oblevel"), 'grouped(svyby(~births, ~oblevel, d, svymean))',
  list(list(value = "355.5", se = "63.56802"), list(value = "1183.0", se = "334.01701"), list(value = "3055.0", se = "441.67075")))
ask(modifyList(hospital, list(replicates = list(make = "with_jackknife"),
  call = 'as.svrepdesign(svydesign(id = ~hospno, strata = ~oblevel, weights = ~weighta, fpc = ~tothosp, data = x))')),
  "births, total, jackknife", total_of("births"), 'plain(svytotal(~births, d))', printed("183983", "34014"))
stations <- design("Levy & Lemeshow", "levy_stations", list(weights = "w", strata = "ESA", clusters = "ambulance", nested = TRUE, fpc = "stations"),
  'svydesign(id = ~ambulance, strata = ~ESA, weights = ~w, nest = TRUE, fpc = ~stations, data = x)')
ask(stations, "survival, ratio", ratio_of("alive", "arrests"), 'ratios(svyratio(~alive, ~arrests, d))')
ask(modifyList(stations, list(design = list(weights = "w", strata = "ESA", clusters = "ambulance", nested = TRUE, fpc = NULL),
  call = 'svydesign(id = ~ambulance, strata = ~ESA, weights = ~w, nest = TRUE, data = x)')), "survival, ratio, no fpc",
  ratio_of("alive", "arrests"), 'ratios(svyratio(~alive, ~arrests, d))')
shipped <- list(weights = "w", replicates = list(columns = paste0("r", 1:4), kind = "BRR", combined = FALSE))
for (mse in c(FALSE, TRUE)) {
  shipped$replicates$mse <- mse
  ask(design("Levy & Lemeshow", "levy_stations", shipped,
    sprintf('svrepdesign(data = x, weights = ~w, repweights = "r[1-4]", type = "BRR", combined.weights = FALSE, mse = %s)', mse)),
    paste0("survival, ratio, half-samples of the book", if (mse) ", mse"), ratio_of("alive", "arrests"), 'ratios(svyratio(~alive, ~arrests, d))')
}

# Särndal, Swensson & Wretman -------------------------------------------------------------------
source_of <- "Särndal, Swensson & Wretman"
two_stages <- design(source_of, "sarndal_mu284", list(clusters = c("id1", "id2"), fpc = c("n1", "n2")),
  'svydesign(id = ~id1 + id2, fpc = ~n1 + n2, data = x)')
ask(two_stages, "two stages, total (example 4.3.2)", total_of("y1"), 'plain(svytotal(~y1, d))', printed("15080", "2274.255"))
ask(two_stages, "two stages, mean", mean_of("y1"), 'plain(svymean(~y1, d))')
mu <- list(
  srs = design("MU284", "mu284_srs", list(fpc = "N"), 'svydesign(id = ~1, fpc = ~N, data = x)'),
  strata = design("MU284", "mu284_strata", list(strata = "REG", fpc = "N"), 'svydesign(id = ~1, strata = ~REG, fpc = ~N, data = x)'),
  clusters = design("MU284", "mu284_clusters", list(clusters = "CL", fpc = "K"), 'svydesign(id = ~CL, fpc = ~K, data = x)'),
  stages = design("MU284", "mu284_stages", list(clusters = c("CL", "unit"), fpc = c("K", "M")), 'svydesign(id = ~CL + unit, fpc = ~K + M, data = x)'),
  pps = design("MU284", "mu284_pps", list(weights = "w"), 'svydesign(id = ~draw, weights = ~w, data = x)'))
for (of in mu) {
  ask(of, "taxes, total", total_of("RMT85"), 'plain(svytotal(~RMT85, d))')
  ask(of, "taxes, mean", mean_of("RMT85"), 'plain(svymean(~RMT85, d, deff = TRUE), TRUE)')
  ask(of, "taxes, deff with replacement", mean_of("RMT85"), 'lapply(1, function(i) { e <- svymean(~RMT85, d, deff = "replace"); row(coef(e), SE(e), replace = deff(e)) })')
  ask(of, "taxes per head, ratio", ratio_of("RMT85", "P85"), 'ratios(svyratio(~RMT85, ~P85, d))')
  ask(of, "seats, total by region", total_of("S82", by = "REG"), 'grouped(svyby(~S82, ~REG, d, svytotal))')
  ask(of, "population, quantiles", list("quantile", variable = "P85", probabilities = c(0.41, 0.5, 0.75)), 'quantiles(svyquantile(~P85, d, c(0.41, 0.5, 0.75)))')
  ask(of, "seats, contrast of means of two items", list("contrast", variables = c("SS82", "CS82"), weights = c(1, -1)), 'contrast(svymean(~SS82 + CS82, d), c(1, -1))')
  for (how in c("linear", "raking")) {
    fit <- modifyList(of, list(calibrated = sprintf('calibrate(d, ~P75, c(`(Intercept)` = 284, P75 = 8182), calfun = "%s", epsilon = 1e-13)', how),
      margins = list(P75 = 8182), options = list(method = how, population = 284)))
    ask(fit, paste("taxes, total,", how, "on population of 1975"), total_of("RMT85"), 'plain(svytotal(~RMT85, d))')
    ask(fit, paste("taxes, mean by region,", how), mean_of("RMT85", by = "REG"), 'grouped(svyby(~RMT85, ~REG, d, svymean))')
  }
}

for (how in list(list("jack", 14, "JK1", 13 / 14 * (1 - 14 / 50)), list("boot", 20, "bootstrap", 1 / 19))) {
  columns <- paste0(how[[1]], seq_len(how[[2]]))
  shipped <- design("MU284", "mu284_shipped", list(weights = "w", replicates = list(columns = columns, kind = how[[3]], scale = how[[4]])),
    sprintf('svrepdesign(data = x, weights = ~w, repweights = "^%s[0-9]+$", type = "%s", combined.weights = TRUE, scale = %.17g, rscales = rep(1, %d))', how[[1]], how[[3]], how[[4]], how[[2]]))
  ask(shipped, paste(how[[3]], "weights that came, total"), total_of("RMT85"), 'plain(svytotal(~RMT85, d))')
  ask(shipped, paste(how[[3]], "weights that came, ratio"), ratio_of("RMT85", "P85"), 'ratios(svyratio(~RMT85, ~P85, d))')
  ask(shipped, paste(how[[3]], "weights that came, totals by region"), total_of("RMT85", by = "REG"), 'grouped(svyby(~RMT85, ~REG, d, svytotal))')
  ask(modifyList(shipped, list(calibrated = 'calibrate(d, ~P75, c(`(Intercept)` = 284, P75 = 8182), calfun = "raking", epsilon = 1e-13, compress = FALSE)',
    margins = list(P75 = 8182), options = list(method = "raking", population = 284))), paste(how[[3]], "weights that came, raked, total"),
    total_of("RMT85"), 'bare(svytotal(~RMT85, d))')
}

# Kalton & Flores-Cervantes -----------------------------------------------------------------------
kalton <- design("Kalton & Flores-Cervantes", "kalton", setNames(list(), character()), 'svydesign(id = ~1, weights = rep(1, nrow(x)), data = transform(x, a = factor(a), b = factor(b), one = as.numeric(a), other = as.numeric(b)))')
cells <- table_of("kalton"); rows_of_cells <- which(!duplicated(cells))
pop <- matrix(c(80, 60, 170, 55, 40, 150, 60, 165, 55, 340, 200, 125), 4)
margin_a <- setNames(as.list(rowSums(pop)), 1:4); margin_b <- setNames(as.list(colSums(pop)), 1:3)
crossed <- setNames(as.list(c(pop)), outer(1:4, 1:3, paste, sep = "|"))
kalton_margins <- list(a = margin_a, b = margin_b)
both <- 'calibrate(d, list(~a, ~b), list(data.frame(a = factor(1:4), Freq = rowSums(pop)), data.frame(b = factor(1:3), Freq = colSums(pop))), epsilon = 1e-14, maxit = 500'
kalton_fits <- list(
  poststratify = list('postStratify(d, ~a + b, data.frame(a = factor(rep(1:4, 3)), b = factor(rep(1:3, each = 4)), Freq = c(pop)))', list(`a|b` = crossed), list(method = "poststratify")),
  raking = list(paste0(both, ', calfun = "raking")'), kalton_margins, list(method = "raking")),
  rake = list('rake(d, list(~a, ~b), list(data.frame(a = factor(1:4), Freq = rowSums(pop)), data.frame(b = factor(1:3), Freq = colSums(pop))), control = list(epsilon = 1e-11, maxit = 1000, verbose = FALSE))', kalton_margins, list(method = "raking")),
  linear = list(paste0(both, ')'), kalton_margins, list(method = "linear")),
  truncated = list(paste0(both, ', bounds = c(0.5, 2.2))'), kalton_margins, list(method = "linear", bounds = c(0.5, 2.2))),
  logit = list(paste0(both, ', bounds = c(0.5, 2.2), calfun = "logit")'), kalton_margins, list(method = "logit", bounds = c(0.5, 2.2))),
  greg = list(sprintf('calibrate(d, ~one + other, c(`(Intercept)` = %d, one = %d, other = %d))', sum(pop), sum(pop * base::row(pop)), sum(pop * col(pop))),
    list(a = sum(pop * base::row(pop)), b = sum(pop * col(pop))), list(method = "linear", population = sum(pop))))
for (name in names(kalton_fits)) {
  how <- kalton_fits[[name]]
  fit <- modifyList(kalton, list(calibrated = how[[1]], margins = how[[2]], options = how[[3]]))
  ask(fit, paste("weights,", name), list("weights", rows = I(rows_of_cells - 1)), 'weights_of(rows_of_cells)')
  ask(fit, paste("shares,", name), shares_of(if (name %in% c("greg")) "b" else "a", over = list(b = c(1, 2))),
    sprintf('bare(svymean(~%s, subset(d, b %%in%% 1:2)))', if (name %in% c("greg")) "b" else "a"))
}

# R sampling (Tillé & Matei): weights of calib() --------------------------------------------------
tille <- design("Tillé & Matei", "tille_matei", list(weights = "w"), 'svydesign(id = ~1, weights = ~w, data = x)')
g_weights <- function(method, ...) { X <- with(x, cbind(half == "one", half == "two", x)) * 1
  lapply(5 * sampling::calib(X, rep(5, 10), c(24, 26, 290), method = method, ...), function(w) list(value = w)) }
for (how in list(c("linear", ""), c("raking", ""), c("truncated", ", bounds = c(0.75, 1.2)"), c("logit", ", bounds = c(0.6, 1.4)"))) {
  wanted <- list(method = if (how[1] == "truncated") "linear" else how[1])
  if (how[1] == "truncated") wanted$bounds <- c(0.75, 1.2)
  if (how[1] == "logit") wanted$bounds <- c(0.6, 1.4)
  ask(modifyList(tille, list(margins = list(half = list(one = 24, two = 26), x = 290), options = wanted)),
    paste("weights,", how[1]), list("weights", rows = I(0:9)), sprintf('g_weights("%s"%s)', how[1], how[2]),
    # calib() stops its iterations at 1e-6.
    within = if (how[1] %in% c("raking", "logit")) 1e-5)
}

# Iterative proportional fitting (Deming & Stephan 1940), by R stats: cells of a table are respondents ----
fitted <- design("Deming & Stephan", "fitted_table", list(weights = "w"), 'svydesign(id = ~1, weights = ~w, data = x)',
  margins = list(row = list(`1` = 150, `2` = 300, `3` = 400, `4` = 150), column = list(`1` = 200, `2` = 300, `3` = 400, `4` = 100)),
  options = list(method = "raking"))
ask(fitted, "proportional fitting of a table", list("weights", rows = I(0:15)),
  'lapply(c(loglin(outer(c(150, 300, 400, 150), c(200, 300, 400, 100)) / 1000, list(1, 2), fit = TRUE, start = matrix(x$w, 4), eps = 1e-12, iter = 1000, print = FALSE)$fit), function(w) list(value = w))')
ask(modifyList(fitted, list(calibrated = 'calibrate(d, list(~row, ~column), list(data.frame(row = factor(1:4), Freq = c(150, 300, 400, 150)), data.frame(column = factor(1:4), Freq = c(200, 300, 400, 100))), calfun = "raking", epsilon = 1e-14)',
  call = 'svydesign(id = ~1, weights = ~w, data = transform(x, row = factor(row), column = factor(column), size = as.numeric(row)))')),
  "share of a column by row, raked", shares_of("column", over = list(row = c(1, 2))), 'bare(svymean(~column, subset(d, row %in% 1:2)))')

# Other examples ------------------------------------------------------------------------------------
small <- design("Stata manual", "stata_fpc", list(weights = "weight", strata = "stratid", clusters = "psuid", nested = TRUE, fpc = "Nh"),
  'svydesign(id = ~psuid, strata = ~stratid, weights = ~weight, fpc = ~Nh, nest = TRUE, data = x)')
ask(small, "mean with population sizes", mean_of("x"), 'plain(svymean(~x, d, deff = TRUE), TRUE)', printed("5.448148", "0.6160407"))
small$design$fpc <- NULL; small$call <- sub("fpc = ~Nh, ", "", small$call)
ask(small, "mean with replacement", mean_of("x"), 'plain(svymean(~x, d, deff = TRUE), TRUE)', printed("5.448148", "0.7412683"))
vplx <- design("VPLX manual", "vplx_crowd", list(weights = "weight", clusters = "cluster"), 'as.svrepdesign(svydesign(id = ~cluster, weights = ~weight, data = x))', replicates = list(make = "with_jackknife"))
ask(vplx, "rooms, mean (example 1-1)", mean_of("rooms"), 'plain(svymean(~rooms, d))')
ask(vplx, "rooms per person, ratio", ratio_of("rooms", "person"), 'ratios(svyratio(~rooms, ~person, d))')
ask(vplx, "rooms, total of a domain", total_of("rooms", over = list(person = c(7, 8))), 'bare(svytotal(~rooms, subset(d, person > rooms)))')
vplx$design$strata <- "stratum"; vplx$call <- sub("weights =", "strata = ~stratum, weights =", vplx$call)
ask(vplx, "persons, total by strata (example 1-2)", total_of("person"), 'plain(svytotal(~person, d))')
tsuchiya <- design("Tsuchiya", "tsuchiya", list(weights = "srs"), 'svydesign(id = ~1, weights = ~srs, data = x)')
ask(tsuchiya, "mean and deff", mean_of("uriage"), 'plain(svymean(~uriage, d, deff = TRUE), TRUE)')
tsuchiya$design$weights <- "pps"; tsuchiya$call <- sub("srs", "pps", tsuchiya$call)
ask(tsuchiya, "mean and deff, unequal weights", mean_of("uriage"), 'lapply(1, function(i) { e <- svymean(~uriage, d, deff = "replace"); row(coef(e), SE(e), replace = deff(e)) })')
votes <- design("Election of 2004", "election_pps", list(weights = "wt"), 'svydesign(id = ~1, weights = ~wt, data = x)')
for (who in c("Bush", "Kerry", "Nader")) {
  ask(votes, paste(who, "total, PPS as if with replacement"), total_of(who), sprintf('plain(svytotal(~%s, d))', who))
  ask(votes, paste(who, "share"), ratio_of(who, "votes"), sprintf('ratios(svyratio(~%s, ~votes, d))', who))
}

# NHANES 2009-2010 and YRBS 2015 (CDC) ------------------------------------------------------------
nhanes <- design("NHANES 2009-2010", "nhanes", list(weights = "WTMEC2YR", strata = "SDMVSTRA", clusters = "SDMVPSU", nested = TRUE),
  'svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = x)')
ask(nhanes, "high cholesterol, share", mean_of("HI_CHOL"), 'plain(svymean(~HI_CHOL, d, na.rm = TRUE), of = subset(d, !is.na(HI_CHOL)))')
ask(nhanes, "high cholesterol by origin", mean_of("HI_CHOL", by = "race"), 'grouped(svyby(~HI_CHOL, ~race, d, svymean, na.rm = TRUE))')
ask(nhanes, "high cholesterol by age and sex", mean_of("HI_CHOL", by = c("agecat", "RIAGENDR"), order = c("agecat", "RIAGENDR")),
  'grouped(svyby(~HI_CHOL, ~interaction(RIAGENDR, agecat), d, svymean, na.rm = TRUE))')
ask(nhanes, "total with high cholesterol", total_of("HI_CHOL"), 'bare(svytotal(~HI_CHOL, d, na.rm = TRUE))')
ask(nhanes, "difference of two origins", list("contrast", variables = "HI_CHOL", by = "race", weights = c(1, -1, 0, 0)),
  'contrast(svyby(~HI_CHOL, ~race, subset(d, !is.na(HI_CHOL)), svymean, covmat = TRUE), c(1, -1, 0, 0))')
ask(nhanes, "difference of the sexes (svyttest)", list("contrast", variables = "HI_CHOL", by = "RIAGENDR", weights = c(-1, 1)),
  'lapply(1, function(i) { t <- svyttest(HI_CHOL ~ RIAGENDR, d); row(t$estimate, t$estimate / t$statistic) })')
for (pair in list(c("race", "RIAGENDR"), c("agecat", "RIAGENDR"), c("HI_CHOL", "race"), c("agecat", "race")))
  ask(nhanes, paste("Rao and Scott,", pair[1], "by", pair[2]), list("independence", rows = pair[1], columns = pair[2]),
    sprintf('independence(~%s + %s)', pair[1], pair[2]))
for (how in c(wald = "mean", logit = "xlogit", beta = "beta")) {
  ask(nhanes, paste("high cholesterol, interval", how), c(shares_of("HI_CHOL", c(mean = "wald", xlogit = "logit", beta = "beta")[[how]]), pick = "1"), sprintf('share(~HI_CHOL, "%s")', how))
}
nhanes_normal <- modifyList(nhanes, list(design = c(nhanes$design, df = "inf")))
ask(nhanes_normal, "high cholesterol, interval wilson", c(shares_of("HI_CHOL", "wilson"), pick = "1"), 'wilson(~HI_CHOL)')
people <- round(tapply(table_of("nhanes")$WTMEC2YR, table_of("nhanes")$race, sum) * c(1.02, 0.99, 1.01, 1.05))
sexes <- round(sum(people) * c(0.49, 0.51)); sexes[2] <- sum(people) - sexes[1]
raked <- modifyList(nhanes, list(
  calibrated = 'calibrate(d, list(~race, ~RIAGENDR), list(data.frame(race = 1:4, Freq = people), data.frame(RIAGENDR = 1:2, Freq = sexes)), calfun = "raking", epsilon = 1e-14)',
  margins = list(race = setNames(as.list(unname(people)), 1:4), RIAGENDR = setNames(as.list(sexes), 1:2)), options = list(method = "raking")))
raked$call <- sub("data = x", "data = transform(x, race = factor(race), RIAGENDR = factor(RIAGENDR))", raked$call)
raked$calibrated <- gsub("race = 1:4", "race = factor(1:4)", gsub("RIAGENDR = 1:2", "RIAGENDR = factor(1:2)", raked$calibrated))
ask(raked, "high cholesterol, raked", mean_of("HI_CHOL"), 'plain(svymean(~HI_CHOL, d, na.rm = TRUE), of = subset(d, !is.na(HI_CHOL)))')
ask(raked, "high cholesterol by age, raked", mean_of("HI_CHOL", by = "agecat"), 'grouped(svyby(~HI_CHOL, ~agecat, d, svymean, na.rm = TRUE))')
yrbs <- design("YRBS 2015", "yrbs", list(weights = "weight", strata = "stratum", clusters = "psu"), 'svydesign(id = ~psu, strata = ~stratum, weights = ~weight, data = x)')
ask(yrbs, "helmet, logit interval", c(shares_of("qn8", "logit"), pick = "1"), 'share(~I(2 - qn8), "xlogit")')
ask(yrbs, "helmet, beta interval", c(shares_of("qn8", "beta"), pick = "1"), 'share(~I(2 - qn8), "beta")')

# R laeken: the Gini coefficient of weighted data ---------------------------------------------------
for (name in c("apistrat", "apiclus1")) ask(design("Alfons & Templ", name, list(weights = "pw"), 'svydesign(id = ~1, weights = ~pw, data = x)'),
  "Gini coefficient", list("gini", variable = "enroll"), 'list(list(value = laeken::gini(x$enroll, x$pw)$value / 100))')

# Schools: what the other cases leave --------------------------------------------------------------
schools <- design("Schools", "apiclus1", list(weights = "pw", clusters = "dnum", fpc = "fpc"), 'svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = x)')
strat <- design("Schools", "apistrat", list(weights = "pw", strata = "stype", fpc = "fpc"), 'svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = x)')
for (of in list(schools, strat)) {
  ask(of, "progress of the same schools", list("contrast", variables = c("api00", "api99"), weights = c(1, -1)), 'contrast(svymean(~api00 + api99, d), c(1, -1))')
  ask(of, "kinds of school compared", list("contrast", variables = "api00", by = "stype", weights = c(1, -0.5, -0.5)),
    'contrast(svyby(~api00, ~stype, d, svymean, covmat = TRUE), c(1, -0.5, -0.5))')
  ask(of, "difference by target (svyttest)", list("contrast", variables = "api00", by = "comp.imp", weights = c(-1, 1)),
    'lapply(1, function(i) { t <- svyttest(api00 ~ comp.imp, d); row(t$estimate, t$estimate / t$statistic) })')
  for (pair in list(c("sch.wide", "stype"), c("comp.imp", "awards"), c("stype", "yr.rnd")))
    ask(of, paste("Rao and Scott,", pair[1], "by", pair[2]), list("independence", rows = pair[1], columns = pair[2]), sprintf('independence(~%s + %s)', pair[1], pair[2]))
  ask(of, "effective size", mean_of("api00"), 'lapply(1, function(i) { e <- svymean(~api00, d, deff = "replace"); row(coef(e), SE(e), replace = deff(e)) })')
  ask(of, "median by kind, school rule", list("median", variable = "api99", by = "stype", rule = "school", over = list(stype = c("E", "M"))),
    'lapply(c("E", "M"), function(k) { q <- svyquantile(~api99, subset(d, stype == k), 0.5, qrule = "school")[[1]]; row(q[1, 1], q[1, 4], low = q[1, 2], high = q[1, 3]) })')
  ask(modifyList(of, list(design = c(of$design, df = "inf"))), "met the target, interval wilson", c(shares_of("comp.imp", "wilson"), pick = "Yes"), 'wilson(~as.numeric(comp.imp == "Yes"))')
}
raked_schools <- modifyList(schools, list(
  calibrated = 'rake(d, list(~stype, ~sch.wide), list(data.frame(stype = c("E", "H", "M"), Freq = c(4421, 755, 1018)), data.frame(sch.wide = c("No", "Yes"), Freq = c(1072, 5122))), control = list(epsilon = 1e-10, maxit = 1000, verbose = FALSE))',
  margins = list(stype = list(E = 4421, H = 755, M = 1018), sch.wide = list(No = 1072, Yes = 5122)), options = list(method = "raking")))
ask(raked_schools, "rake() to the end, equal weights", mean_of("api00"), 'plain(svymean(~api00, d))')
partial <- modifyList(schools, list(
  calibrated = 'calibrate(d, list(~stype + sch.wide, ~comp.imp), list(data.frame(stype = rep(c("E", "H", "M"), each = 2), sch.wide = rep(c("No", "Yes"), 3), Freq = c(700, 3721, 200, 555, 172, 846)), data.frame(comp.imp = c("No", "Yes"), Freq = c(1712, 4482))), calfun = "raking", epsilon = 1e-14)',
  margins = list(`stype|sch.wide` = list(`E|No` = 700, `E|Yes` = 3721, `H|No` = 200, `H|Yes` = 555, `M|No` = 172, `M|Yes` = 846), comp.imp = list(No = 1712, Yes = 4482)), options = list(method = "raking")))
ask(partial, "crossed margin and another, raked", mean_of("api00"), 'plain(svymean(~api00, d))')
ask(partial, "crossed margin and another, totals", total_of("enroll", by = "comp.imp"), 'grouped(svyby(~enroll, ~comp.imp, d, svytotal))')
written(cases)
