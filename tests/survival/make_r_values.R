# Values for test_cox_questions.py and test_curves.py that the reference cases do not have, from R 4.2.2, survival 3.5.3:
#   Rscript tests/survival/make_r_values.R > tests/survival/r_values.csv     (from the project's folder)
library(survival); library(splines)
options(digits = 17)
cat("name,place,value\n")
say <- function(name, values) cat(sprintf("%s,%d,%.17g\n", name, seq_along(values) - 1, as.numeric(values)), sep = "")
CTL <- coxph.control(eps = 1e-11, iter.max = 50)
rossi <- read.csv("tests/reference/data/rossi.csv"); lung <- read.csv("tests/reference/data/lung.csv")
people <- data.frame(fin = c(0, 1), age = c(20, 30), prio = c(3, 1)); at <- c(5, 20, 50)

for (ties in c("efron", "breslow")) {
  plain <- coxph(Surv(week, arrest) ~ fin + age + prio, rossi, ties = ties, control = CTL)
  weighted <- coxph(Surv(week, arrest) ~ fin + age + prio, rossi, ties = ties, weights = w, cluster = site, control = CTL)
  for (kind in c("log-log", "log", "plain")) {
    s <- summary(survfit(plain, newdata = people, conf.type = kind), times = at)
    say(paste(ties, "predict", kind, "lower"), s$lower); say(paste(ties, "predict", kind, "upper"), s$upper)
  }
  say(paste(ties, "predict survival"), s$surv); say(paste(ties, "predict std_error"), s$std.err)
  say(paste(ties, "martingale"), residuals(plain, type = "martingale")[1:20])
  say(paste(ties, "weighted martingale"), residuals(weighted, type = "martingale")[1:20])
  say(paste(ties, "score"), residuals(weighted, type = "score")[1:20, ])
  say(paste(ties, "dfbeta"), residuals(weighted, type = "dfbeta")[1:20, ])
}
strata <- coxph(Surv(week, arrest) ~ fin + age + prio + strata(race), rossi, control = CTL)
own <- cbind(people, race = c(0, 1))  # a row of each stratum
say("strata predict std_error", summary(survfit(strata, newdata = own, conf.type = "log-log"), times = at)$std.err)
late <- coxph(Surv(entry_day, time, event) ~ female + age, lung, weights = w, cluster = inst, control = CTL)
say("late martingale", residuals(late, type = "martingale")[1:20]); say("late score", residuals(late, type = "score")[1:20, ])
for (f in list(list("plain", coxph(Surv(week, arrest) ~ fin + age + prio, rossi)), list("weighted", weighted), list("strata", strata),
               list("late", late), list("late unweighted", coxph(Surv(entry_day, time, event) ~ female + age, lung)))) {
  k <- concordance(f[[2]]); n <- if (is.matrix(k$count)) colSums(k$count) else k$count
  say(paste("concordance", f[[1]]), c(k$concordance, sqrt(k$var), n[1:3]))
}
# A natural spline of time by splitting rows at every event time: same knots, so the same space of functions.
weeks <- rossi$week[rossi$arrest == 1]; knots <- quantile(weeks, c(0, 1/3, 2/3, 1))
pieces <- survSplit(Surv(week, arrest) ~ ., rossi, cut = sort(unique(weeks)), start = "t0", end = "t1", event = "ev")
B <- ns(pieces$t1, knots = knots[2:3], Boundary.knots = knots[c(1, 4)])
spline <- coxph(Surv(t0, t1, ev) ~ fin + I(fin * B[, 1]) + I(fin * B[, 2]) + I(fin * B[, 3]) + age + prio, pieces, weights = w, cluster = site, control = CTL)
say("spline loglik", spline$loglik)
C <- cbind(1, predict(B, c(5, 20, 50))); v <- vcov(spline)[1:4, 1:4]
say("spline log ratio", C %*% coef(spline)[1:4]); say("spline std_error", sqrt(diag(C %*% v %*% t(C))))

small <- data.frame(t = c(1, 2, 3, 4, 5, 6, 7, 8), e = c(0, 0, 1, 0, 1, 1, 0, 1), cause = c(0, 0, 1, 0, 1, 2, 0, 1), w = c(1, 2, 1, 1, .5, 1, 1, 1))
times <- c(.5, 1.5, 2, 3, 5, 8, 9)
for (kind in c("log-log", "log", "plain")) {
  s <- summary(survfit(Surv(t, e) ~ 1, small, conf.type = kind), times = times, extend = TRUE)
  say(paste("small", kind, "lower"), s$lower); say(paste("small", kind, "upper"), s$upper)
  s <- summary(survfit(Surv(t, factor(cause, 0:2)) ~ 1, small, conf.type = kind), times = times, extend = TRUE)
  say(paste("small incidence", kind, "lower"), s$lower[, 2]); say(paste("small incidence", kind, "upper"), s$upper[, 2])
}
say("small std_error", summary(survfit(Surv(t, e) ~ 1, small), times = times, extend = TRUE)$std.err)
say("small robust std_error", summary(survfit(Surv(t, e) ~ 1, small, weights = w, robust = TRUE), times = times, extend = TRUE)$std.err)
flat <- quantile(survfit(Surv(c(1, 2, 3, 4), c(1, 1, 0, 0)) ~ 1, conf.type = "log-log"), c(.25, .5, .75))
say("flat quantile", flat$quantile); say("flat lower", flat$lower); say("flat upper", flat$upper)
full <- quantile(survfit(Surv(c(1, 2, 3, 4, 5), c(1, 1, 1, 1, 1)) ~ 1, conf.type = "log-log"), c(.2, .5, .8, .999))
say("full quantile", full$quantile); say("full lower", full$lower); say("full upper", full$upper)
