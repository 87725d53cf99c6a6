# The only way in from outside: HTTPS under the shop's own name, and sign-in with Google before anything is answered.

resource "google_compute_global_address" "this" {
  name = var.name
}

resource "google_compute_managed_ssl_certificate" "this" {
  name = var.name

  managed {
    domains = [var.domain]
  }
}

resource "google_compute_ssl_policy" "this" {
  name            = var.name
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_region_network_endpoint_group" "this" {
  name                  = var.name
  region                = var.region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = var.service
  }
}

resource "google_compute_backend_service" "this" {
  name                  = var.name
  protocol              = "HTTPS"
  load_balancing_scheme = "EXTERNAL_MANAGED"

  backend {
    group = google_compute_region_network_endpoint_group.this.id
  }

  iap {
    enabled = true
  }

  log_config {
    enable = true
  }
}

resource "google_iap_web_backend_service_iam_member" "users" {
  for_each            = toset(var.users)
  web_backend_service = google_compute_backend_service.this.name
  role                = "roles/iap.httpsResourceAccessor"
  member              = each.value
}

resource "google_compute_url_map" "this" {
  name            = var.name
  default_service = google_compute_backend_service.this.id
}

resource "google_compute_target_https_proxy" "this" {
  name             = var.name
  url_map          = google_compute_url_map.this.id
  ssl_certificates = [google_compute_managed_ssl_certificate.this.id]
  ssl_policy       = google_compute_ssl_policy.this.id
}

resource "google_compute_global_forwarding_rule" "this" {
  name                  = var.name
  target                = google_compute_target_https_proxy.this.id
  ip_address            = google_compute_global_address.this.id
  load_balancing_scheme = "EXTERNAL_MANAGED"
  port_range            = "443"
}
