# HIV: zidovudine monotherapy vs zidovudine + lamivudine. Chancellor et al. 1997; Briggs, Claxton & Sculpher 2006, exercise 2.5
source("../economics_vectors/json.R")
cnt <- matrix(c(1251, 350, 116, 17, 0, 731, 512, 15, 0, 0, 1312, 437, 0, 0, 0, 1), 4, byrow = TRUE, dimnames = list(LETTERS[1:4], LETTERS[1:4])); Pm <- cnt / rowSums(cnt)
RR <- 0.509; Pc <- Pm * RR; diag(Pc) <- 0; diag(Pc) <- 1 - rowSums(Pc); Pc[4, ] <- c(0, 0, 0, 1)
cd <- c(1701, 1774, 6948, 0); cc <- c(1055, 1278, 2059, 0); azt <- 2278; n <- 20
run <- function(lam_cost, combo_years, dc, de, half = FALSE) { tr <- matrix(0, n + 1, 4); tr[1, 1] <- 1; cost <- ly <- numeric(n)
  for (t in 1:n) { P <- if (t <= combo_years) Pc else Pm; tr[t + 1, ] <- tr[t, ] %*% P; occ <- if (half) (tr[t, ] + tr[t + 1, ]) / 2 else tr[t + 1, ]
    drug <- azt + if (t <= combo_years) lam_cost else 0; cost[t] <- sum(occ * c(cd[1:3] + cc[1:3] + drug, 0)) / (1 + dc)^t; ly[t] <- sum(occ[1:3]) / (1 + de)^t }
  list(trace = tr, cost_by_cycle = cost, ly_by_cycle = ly, cost = S(sum(cost)), ly = S(sum(ly))) }
cmp <- function(lam, dc, de, half = FALSE, yrs = 2) { m <- run(lam, 0, dc, de, half); k <- run(lam, yrs, dc, de, half); list(mono = m, combo = k, delta_cost = S(k$cost - m$cost), delta_ly = S(k$ly - m$ly), icer = S((k$cost - m$cost) / (k$ly - m$ly))) }
pub <- cmp(2086.5, .06, 0); stopifnot(abs(pub$icer - 6276) < 1.5, abs(pub$mono$ly - 7.996) < .0055, abs(pub$combo$ly - 8.937) < .0015, abs(pub$mono$cost - 44663) < 1.5, abs(pub$combo$cost - 50602) < 1.5)
cat("ICER", pub$icer, "mono", pub$mono$cost, pub$mono$ly, "combo", pub$combo$cost, pub$combo$ly, "\n")
res <- list(meta = vers(character(0)), inputs = list(transition_counts = unname(cnt[1:3, ]), states = LETTERS[1:4], relative_risk = S(RR), direct_medical_cost = cd, community_cost = cc, zidovudine = S(azt), lamivudine = S(2086.5), cycles = S(n), combo_years = S(2), discount_cost = S(.06), discount_effect = S(0), timing = S("state occupancy after the transition of cycle t earns the reward of cycle t, discounted by (1+r)^-t; everyone starts in A")),
  published = list(mono_cost = S(44663), mono_ly = S(7.996), mono_ly_note = S("the book prints 7.996; exact arithmetic with unrounded probabilities gives 7.991, which is what the published ICER implies"), combo_cost = S(50602), combo_ly = S(8.937), icer = S(6276), source = S("Briggs, Claxton & Sculpher (2006), Decision Modelling for Health Economic Evaluation, exercise 2.5")),
  transition_matrix_mono = unname(Pm), transition_matrix_combo = unname(Pc), base_case = pub, half_cycle = cmp(2086.5, .06, 0, TRUE), lamivudine_2087 = cmp(2087, .06, 0), discount_3.5_both = cmp(2086.5, .035, .035), combo_effect_5_years = cmp(2086.5, .06, 0, yrs = 5),
  fundamental_matrix_mono = unname(solve(diag(3) - Pm[1:3, 1:3])))
write_ref(res)
