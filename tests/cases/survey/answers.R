# What the scripts of this folder share: how an answer of R survey is written as rows of a case.
suppressMessages({library(survey); library(jsonlite)})
row <- function(value, se, ...) c(list(value = as.numeric(value), se = as.numeric(se)), lapply(list(...), as.numeric))
# Replicates have the degrees of freedom that they had before calibration, whatever its method.
plain <- function(e, deff = FALSE, of = if (inherits(d, "svyrep.design")) d0 else d) {
  ci <- confint(e, df = degf(of))
  lapply(seq_along(coef(e)), function(i) {
    found <- row(coef(e)[i], SE(e)[i], low = ci[i, 1], high = ci[i, 2])
    if (deff) found$deff <- as.numeric(diag(as.matrix(attr(e, "deff")))[i])
    found
  })
}
grouped <- function(b, levels = 1) {
  groups <- as.character(b[[1]]); values <- matrix(coef(b), nrow(b)); errors <- matrix(unlist(SE(b)), nrow(b))
  unlist(lapply(seq_along(groups), function(g) lapply(seq_len(levels), function(l)
    c(row(values[g, l], errors[g, l]), group = groups[g]))), recursive = FALSE)
}
quantiles <- function(q) lapply(seq_len(nrow(q[[1]])), function(i)
  row(q[[1]][i, 1], q[[1]][i, 4], low = q[[1]][i, 2], high = q[[1]][i, 3]))
ratios <- function(r) list(row(coef(r), SE(r)))
bare <- function(e) lapply(seq_along(coef(e)), function(i) row(coef(e)[i], SE(e)[i]))
written <- function(cases) cat(toJSON(list(r = R.version.string, survey = as.character(packageVersion("survey")),
  cases = cases), auto_unbox = TRUE, digits = I(17), null = "null", na = "null"))
