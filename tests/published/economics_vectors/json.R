# A JSON writer that keeps all 17 significant digits (base R only)
.esc <- function(s) { s <- gsub("\\\\", "\\\\\\\\", s); s <- gsub("\"", "\\\\\"", s); s <- gsub("\n", "\\\\n", s); s <- gsub("\t", "\\\\t", s); paste0("\"", s, "\"") }
.num <- function(x) { o <- sprintf("%.17g", x); o[is.na(x)] <- "null"; o[is.infinite(x)] <- "null"; o }
js <- function(x, ind = 0) {
  pad <- strrep(" ", ind + 1)
  if (is.null(x)) return("null")
  if (inherits(x, "scalar")) { x <- unclass(x); if (is.character(x)) return(.esc(x)); if (is.logical(x)) return(if (is.na(x)) "null" else tolower(as.character(x))); return(.num(as.numeric(x))) }
  if (is.data.frame(x)) return(js(as.list(x), ind))
  if (is.factor(x)) x <- as.character(x)
  if (is.list(x)) {
    if (length(x) == 0) return("{}")
    if (is.null(names(x))) return(paste0("[\n", paste0(pad, vapply(x, js, "", ind = ind + 1), collapse = ",\n"), "\n", strrep(" ", ind), "]"))
    return(paste0("{\n", paste0(pad, .esc(names(x)), ": ", vapply(x, js, "", ind = ind + 1), collapse = ",\n"), "\n", strrep(" ", ind), "}"))
  }
  if (is.matrix(x)) { r <- vapply(seq_len(nrow(x)), function(i) js(unname(x[i, ]), ind), ""); return(paste0("[", paste(r, collapse = ", "), "]")) }
  v <- if (is.character(x)) ifelse(is.na(x), "null", .esc(x)) else if (is.logical(x)) ifelse(is.na(x), "null", tolower(as.character(x))) else .num(as.numeric(x))
  paste0("[", paste(v, collapse = ", "), "]")
}
S <- function(x) structure(unname(x), class = c("scalar", class(x)))
vers <- function(pk) c(list(R = S(R.version.string)), lapply(setNames(pk, pk), function(p) S(as.character(packageVersion(p)))))
write_ref <- function(x, file = "reference.json") { con <- file(file, "w"); writeLines(js(x), con); close(con); cat("wrote", file, file.size(file), "bytes\n") }
