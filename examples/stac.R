# Clear items of a month with rstac: Rscript examples/stac.R http://127.0.0.1:8080
library(rstac)

given <- commandArgs(trailingOnly = TRUE)
url <- if (length(given) > 0) given[1] else "http://127.0.0.1:8080"

found <- stac(paste0(url, "/stac")) |>
  stac_search(
    collections = "sentinel-2-l1c",
    bbox = c(11.8, 54.9, 14, 56),
    datetime = "2020-07-01T00:00:00Z/2020-07-31T23:59:59Z",
    limit = 100
  ) |>
  post_request() |>
  items_fetch()

for (item in found$features) {
  cat(item$id, item$properties[["eo:cloud_cover"]], item$assets$visual$href, "\n")
}
