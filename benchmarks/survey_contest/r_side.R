# The work as R `survey` does it; prints seconds as JSON. Rscript r_side.R table|rake FOLDER
suppressMessages({library(survey); library(jsonlite)})
asked <- commandArgs(trailingOnly = TRUE)
breakdowns <- c("sex", "age", "region", "size", "diploma")
rows <- read.csv(file.path(asked[2], "survey.csv"))
margins <- fromJSON(file.path(asked[2], "margins.json"))
for (name in breakdowns) rows[[name]] <- factor(rows[[name]])
questions <- grep("^q", names(rows), value = TRUE)
for (name in questions) rows[[name]] <- factor(rows[[name]])
design <- svydesign(~1, weights = ~d, data = rows)
model <- as.formula(paste("~", paste(breakdowns, collapse = "+")))
population <- c(`(Intercept)` = sum(unlist(margins$sex)))
for (name in breakdowns) {
  of <- unlist(margins[[name]])[levels(rows[[name]])]
  names(of) <- paste0(name, names(of))
  population <- c(population, of[-1])
}
raked <- function() calibrate(design, model, population, calfun = "raking", epsilon = 1e-10, maxit = 100)
if (asked[1] == "rake") {
  seconds <- system.time(raked())[["elapsed"]]
} else {
  fit <- raked()
  seconds <- system.time(for (question in questions) {
    of <- as.formula(paste("~", question))
    svymean(of, fit)
    for (name in breakdowns) svyby(of, as.formula(paste("~", name)), fit, svymean)
  })[["elapsed"]]
}
cat(toJSON(list(seconds = seconds, version = paste0("R ", getRversion(), ", survey ", packageVersion("survey"))),
           auto_unbox = TRUE, digits = 6))
