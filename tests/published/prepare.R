# Makes mgus2.csv and myeloid_intervals.csv from the data of the R package survival: Rscript prepare.R OUTDIR
library(survival); O <- commandArgs(TRUE)[1]
w <- function(x, d, f) write.csv(x, file.path(O, f), row.names = FALSE, quote = FALSE, na = "")
m <- mgus2; m$etime <- with(m, ifelse(pstat == 0, futime, ptime)); m$event <- with(m, ifelse(pstat == 0, 2 * death, 1))
m$w <- 0.5 + (m$id %% 5) / 4; m$entry_am <- 12 * m$age; m$exit_am <- 12 * m$age + m$futime; m$eexit_am <- 12 * m$age + m$etime  # age scale in whole months
m <- m[, c("id","age","sex","dxyr","hgb","creat","mspike","futime","death","ptime","pstat","etime","event","w","entry_am","exit_am","eexit_am")]
w(m, "", "mgus2.csv")
# myeloid as in the survival package's multi-state vignette (event of each interval, ties broken by 1 day)
t0 <- myeloid; tied <- with(t0, !is.na(crtime) & !is.na(txtime) & crtime == txtime); t0$crtime[tied] <- t0$crtime[tied] - 1
M <- tmerge(t0[, c("id","trt","sex")], t0, id = id, death = event(futime, death), sct = event(txtime), cr = event(crtime), relapse = event(rltime))
M$event <- as.character(factor(with(M, cr + 2 * sct + 4 * relapse + 8 * death), c(0, 1, 2, 4, 8), c("none", "CR", "SCT", "relapse", "death")))
w(M[, c("id","trt","sex","tstart","tstop","event")], "", "myeloid_intervals.csv")
