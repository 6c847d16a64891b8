# Values that the reference cases do not hold, computed by R on the same data: Rscript make_r_values.R <folder tests/reference/data>
# writes r_values.csv beside this script: a name, then numbers separated by semicolons (17 significant digits).
suppressMessages(library(MatchIt))
folder <- commandArgs(trailingOnly = TRUE)[1]
d <- read.csv(file.path(folder, "unempdur.csv"))
d$place <- factor(paste0("r", (d$region - 1) %/% 5))   # four categories
d$long <- as.integer(d$tenure >= 5)
d$sw <- 1 + (d$id %% 3) / 2
lines <- character()
put <- function(name, x) lines <<- c(lines, paste0(name, ",", paste(sprintf("%.17g", as.numeric(x)), collapse = ";")))

# classes
put("nclass_fd", c(nclass.FD(d$tenure), nclass.FD(d$logwage), nclass.FD(c(rep(0, 90), 1:10)), nclass.FD(rep(c(0, 0, 0, 0, 1), 40))))
put("nclass_scott", c(nclass.scott(d$tenure), nclass.scott(d$logwage), nclass.scott(c(rep(0, 90), 1:10)), nclass.scott(rep(3, 9))))
put("pretty_1", pretty(c(0.3, 9.7), 7)); put("pretty_2", pretty(c(-1234.5, 88000), 23)); put("pretty_3", pretty(c(0, 1), 14))
put("pretty_units", sapply(1:60, function(n) diff(pretty(c(0, 1), n))[1]))
put("quantile_7", quantile(d$logwage, (0:5) / 5))

# balance: every column of MatchIt's summary, with squares and products
cuts <- list(age = c(25.5, 30.5, 35.5, 40.5, 50.5), logwage = c(5.2505, 5.6005, 6.0005), tenure = c(0.5, 2.5, 5.5, 10.5))
m <- matchit(ui ~ age + logwage + tenure, d, method = "cem", cutpoints = cuts)
s <- summary(m, addlvariables = d[c("place", "long")], interactions = FALSE)
put("balance_columns_before", s$sum.all[, 1:6]); put("balance_columns_after", s$sum.matched[, 1:6])
s <- summary(m, interactions = TRUE)
keep <- c("age\u00b2", "logwage\u00b2", "tenure\u00b2", "age * logwage", "age * tenure", "logwage * tenure")
put("second_order_before", s$sum.all[keep, 1:6]); put("second_order_after", s$sum.matched[keep, 1:6])
mw <- matchit(ui ~ age + logwage + tenure, d, method = "cem", cutpoints = cuts, s.weights = d$sw)
put("weighted_before", summary(mw, addlvariables = d[c("place", "long")])$sum.all[, 1:6])

# propensity scores
f <- ui ~ age + logwage + tenure + place
g <- glm(f, binomial, d, control = glm.control(epsilon = 1e-14, maxit = 50))
put("logit", coef(g))
gw <- suppressWarnings(glm(f, quasibinomial, d, weights = sw, control = glm.control(epsilon = 1e-14, maxit = 50)))
put("logit_weighted", coef(gw))
att <- function(w) { t <- d$ui == 1; weighted.mean(d$spell[t], w[t]) - weighted.mean(d$spell[!t], w[!t]) }
e <- fitted(g)
put("propensity_effects", c(att(ifelse(d$ui == 1, 1, e / (1 - e))), att(ifelse(d$ui == 1, (1 - e) / e, 1)), att(ifelse(d$ui == 1, 1 / e, 1 / (1 - e)))))
low <- max(tapply(e, d$ui, min)); high <- min(tapply(e, d$ui, max)); k <- e >= low & e <= high
put("overlap", c(low, high, sum(k & d$ui == 1), sum(k & d$ui == 0)))

# entropy balancing: the dual by optim, polished by Newton steps
X <- model.matrix(f, d)[, -1]
ebal <- function(arm, target, q) {
  Z <- scale(X[arm, ], center = target, scale = apply(X[arm, ], 2, sd)); q <- q / sum(q)
  dual <- function(b) log(sum(q * exp(Z %*% b)))
  b <- optim(rep(0, ncol(Z)), dual, method = "BFGS", control = list(reltol = 1e-14, maxit = 1000))$par
  for (i in 1:8) { p <- as.vector(q * exp(Z %*% b)); p <- p / sum(p); u <- colSums(p * Z); b <- b - solve(t(Z) %*% (p * Z) - u %o% u, u) }
  p <- as.vector(q * exp(Z %*% b)); p / sum(p)
}
t <- d$ui == 1; one <- rep(1, nrow(d))
wm <- function(rows, q) colSums(X[rows, ] * q[rows]) / sum(q[rows])
p <- ebal(!t, wm(t, one), one[!t])
put("entropy_att_weights", p[c(1, 50, 500, 1000, length(p))] * length(p))
w <- one; w[!t] <- p; a1 <- att(w)
w <- one; w[t] <- ebal(t, wm(!t, one), one[t]); a2 <- att(w)
w <- one; w[t] <- ebal(t, wm(one == 1, one), one[t]); w[!t] <- ebal(!t, wm(one == 1, one), one[!t]); a3 <- att(w)
w <- d$sw; w[!t] <- ebal(!t, wm(t, d$sw), d$sw[!t]); a4 <- att(w)
put("entropy_effects", c(a1, a2, a3, a4))
writeLines(lines, file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "r_values.csv"))
