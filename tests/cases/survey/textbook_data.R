# Writes the data of the textbook cases. Run: Rscript textbook_data.R textbook
# Needs the R packages survey, sampling and boot. README.md says where each table comes from.
suppressMessages({library(survey); library(sampling); library(boot)})
folder <- commandArgs(TRUE)[1]
to <- function(table, name) write.csv(table, file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = FALSE, na = "")
compressed <- function(table, name) {
  file <- gzfile(file.path(folder, paste0(name, ".csv.gz")), "w"); on.exit(close(file))
  write.csv(table, file, row.names = FALSE, quote = FALSE, na = "")
}
of <- function(name, package, from = name) {
  home <- new.env(); data(list = from, package = package, envir = home); get(name, home)
}
text <- function(lines) read.table(text = lines, header = TRUE)

# Lohr, Sampling: Design and Analysis.
gpa <- c(3.08, 2.60, 3.44, 3.04, 2.36, 3.04, 3.28, 2.68, 2.00, 2.56, 2.52, 1.88, 3.00, 2.88, 3.44, 3.64, 2.68, 1.92, 3.28, 3.20)
to(data.frame(suite = rep(1:5, each = 4), gpa = gpa, suites = 100, w = 20), "lohr_gpa")
to(transform(data.frame(draw = 1:5, students = c(24, 100, 100, 76, 44), hours = c(75, 203, 203, 191, 168)), w = 647 / (5 * students)), "lohr_classes")
to(data.frame(photo = c(10, 12, 7, 13, 13, 6, 17, 16, 15, 10, 14, 12, 10, 5, 12, 10, 10, 9, 6, 11, 7, 9, 11, 10, 10),
  field = c(15, 14, 9, 14, 8, 5, 18, 15, 13, 15, 11, 15, 12, 8, 13, 9, 11, 12, 9, 12, 13, 11, 10, 9, 8), plots = 100, w = 4), "lohr_trees")
halves <- data.frame(h = 1:7, share = c(.30, .10, .05, .10, .20, .05, .20), y1 = c(2000, 4525, 9550, 800, 9300, 13286, 2106), y2 = c(1792, 4735, 14060, 1250, 7264, 12840, 2070))
to(data.frame(h = rep(halves$h, each = 2), y = c(rbind(halves$y1, halves$y2)), w = rep(halves$share * 500, each = 2)), "lohr_halves")
# The book prints sizes, means and variances: any counties with these have the same estimates.
farms <- data.frame(region = c("NE", "NC", "S", "W"), counties = c(220, 1054, 1382, 422), n = c(21, 103, 135, 41),
  mean = c(97629.8, 300504.2, 211315.0, 662295.5), variance = c(7647472708, 29618183543, 53587487856, 396185950266))
to(do.call(rbind, lapply(1:4, function(r) with(farms[r, ], data.frame(region, counties,
  acres = mean + c(-1, 1, rep(0, n - 2)) * sqrt(variance * (n - 1) / 2))))), "lohr_farms")

# Cochran, Sampling Techniques.
to(data.frame(y1920 = bigcity$u, y1930 = bigcity$x, cities = 196), "cochran_cities")

# Lehtonen & Pahkinen, Practical Methods for Design and Analysis of Complex Surveys.
to(text("id str clu wt ue91 lab91 fpc
1 1 1 1.75 4123 33786 7
2 1 2 1.75 666 6016 7
3 1 4 1.75 760 5919 7
4 1 6 1.75 457 3022 7
5 2 21 6.25 61 573 25
6 2 25 6.25 262 1737 25
7 2 26 6.25 331 2543 25
8 2 27 6.25 98 545 25"), "lehtonen_strata")
to(text("id str clu wt hou85 ue91 lab91 fpc
1 2 1 1 26881 4123 33786 1
3 1 10 1.004 9230 1623 13727 31
4 1 4 1.893 4896 760 5919 31
5 1 7 2.173 4264 767 5823 31
6 1 32 2.971 3119 568 4011 31
7 1 26 4.762 1946 331 2543 31
8 1 18 6.335 1463 187 1448 31
9 1 13 13.730 675 129 927 31"), "lehtonen_certain")
to(text("id str clu wt ue91 lab91 fpc
1 1 2 4 666 6016 32
2 1 2 4 528 3818 32
3 1 2 4 760 5919 32
4 1 2 4 187 1448 32
5 1 8 4 129 927 32
6 1 8 4 128 819 32
7 1 8 4 331 2543 32
8 1 8 4 568 4011 32"), "lehtonen_clusters")
to(text("id wt ue91 lab91 poststr fpc
1 4 4123 33786 1 32
2 4 760 5919 1 32
3 4 721 4930 1 32
4 4 142 675 2 32
5 4 187 1448 2 32
6 4 331 2543 2 32
7 4 127 1084 2 32
8 4 219 1330 2 32"), "lehtonen_poststrata")

# Levy & Lemeshow, Sampling of Populations.
to(of("hospital", "survey"), "levy_hospital")
halfsamples <- 2 * cbind(c(1, 0, 1, 0, 1, 0), c(1, 0, 0, 1, 0, 1), c(0, 1, 1, 0, 0, 1), c(0, 1, 0, 1, 1, 0))
colnames(halfsamples) <- paste0("r", 1:4)
to(cbind(of("scd", "survey"), w = 1, stations = 5, halfsamples), "levy_stations")

# Särndal, Swensson & Wretman, Model Assisted Survey Sampling: the sample, then samples of the
# population of 284 municipalities.
to(of("mu284", "survey"), "sarndal_mu284")
all <- of("MU284", "sampling")
all$LABEL <- NULL
set.seed(1992)
to(transform(all[sort(sample(284, 60)), ], N = 284), "mu284_srs")
strata <- do.call(rbind, lapply(split(all, all$REG), function(r) transform(r[sort(sample(nrow(r), ceiling(nrow(r) / 4))), ], N = nrow(r))))
to(strata, "mu284_strata")
chosen <- sort(sample(50, 14))
drawn <- transform(all[all$CL %in% chosen, ], K = 50)
to(drawn, "mu284_clusters")
to(do.call(rbind, lapply(chosen, function(c) {
  rows <- which(all$CL == c)
  transform(all[sort(sample(rows, 3)), ], K = 50, M = length(rows), unit = 1:3)
})), "mu284_stages")
# The same clusters with weights of replicates, as a producer ships them.
with_weights <- svydesign(id = ~CL, fpc = ~K, data = drawn)
replicates <- function(prefix, ...) {
  made <- weights(as.svrepdesign(with_weights, ...), "analysis"); colnames(made) <- paste0(prefix, seq_len(ncol(made))); made
}
to(cbind(drawn[c("RMT85", "P85", "P75", "REG")], w = weights(with_weights), replicates("jack", type = "JK1"),
  replicates("boot", type = "subbootstrap", replicates = 20)), "mu284_shipped")
draws <- sample(284, 40, replace = TRUE, prob = all$P75)
to(transform(all[draws, ], draw = 1:40, w = sum(all$P75) / (40 * P75)), "mu284_pps")

# Others.
to(of("fpc", "survey"), "stata_fpc")
to(of("crowd", "survey"), "vplx_crowd")
to(of("election_pps", "survey", "election"), "election_pps")
ab <- expand.grid(a = 1:4, b = 1:3)
to(ab[rep(1:12, c(20, 50, 100, 30, 40, 140, 50, 100, 40, 310, 50, 70)), ], "kalton")
to(text("uriage srs pps
15 100 20
143 100 200
21 100 11
51 100 25
337 100 550
50 100 30
274 100 250
145 100 100
15 100 10
86 100 55"), "tsuchiya")
to(data.frame(row = rep(1:4, 4), column = rep(1:4, each = 4), w = c(40, 35, 30, 20, 30, 50, 80, 30, 20, 100, 70, 40, 10, 75, 120, 50)), "fitted_table")
to(data.frame(half = rep(c("one", "two"), each = 5), x = 1:10, w = 5), "tille_matei")
ages <- of("nhanes", "survey")
levels(ages$agecat) <- c("0-19", "20-39", "40-59", "60+")
compressed(ages, "nhanes")
compressed(of("yrbs", "survey"), "yrbs")
