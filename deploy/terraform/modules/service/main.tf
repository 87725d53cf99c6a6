# Patron on Cloud Run: the service behind sign-in, the job that refreshes customer_360, and what calls it.

locals {
  # The proxy logs in to the database as the service account, so that there is no password to keep.
  proxy_arguments = [
    "--private-ip",
    "--auto-iam-authn",
    "--health-check",
    "--http-address=0.0.0.0",
    "--quitquitquit",
    var.connection_name,
  ]
  settings = "/etc/patron/patron.toml"

  # Sign-in has the header Authorization for itself, and hands on a token of its own about who signed in.
  sign_in = {
    PATRON_AUTH__ISSUER       = "https://cloud.google.com/iap"
    PATRON_AUTH__AUDIENCE     = var.sign_in_audience
    PATRON_AUTH__JWKS_URL     = "https://www.gstatic.com/iap/verify/public_key-jwk"
    PATRON_AUTH__HEADER       = "X-Goog-IAP-JWT-Assertion"
    PATRON_AUTH__ALGORITHMS   = jsonencode(["ES256"])
    PATRON_AUTH__ROLE_CLAIM   = "email"
    PATRON_AUTH__DEFAULT_ROLE = "viewer"
    PATRON_AUTH__ANALYSTS     = jsonencode(var.analysts)
    PATRON_AUTH__ADMINS       = jsonencode(var.admins)
  }
}

# To connect to this instance and to log in to it, and to no other one of the project.
resource "google_project_iam_member" "database" {
  for_each = toset(["roles/cloudsql.client", "roles/cloudsql.instanceUser"])
  project  = var.project
  role     = each.value
  member   = "serviceAccount:${var.service_account_email}"

  condition {
    title      = "${var.name} database alone"
    expression = "resource.type == 'sqladmin.googleapis.com/Instance' && resource.name == 'projects/${var.project}/instances/${var.database_instance}'"
  }
}

resource "google_secret_manager_secret" "settings" {
  secret_id = "${var.name}-settings"

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}

resource "google_secret_manager_secret_version" "settings" {
  secret      = google_secret_manager_secret.settings.id
  secret_data = var.settings
}

resource "google_secret_manager_secret_iam_member" "settings" {
  secret_id = google_secret_manager_secret.settings.id
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${var.service_account_email}"
}

resource "google_cloud_run_v2_service" "this" {
  name                = var.name
  location            = var.region
  ingress             = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
  deletion_protection = var.deletion_protection

  template {
    service_account                  = var.service_account_email
    max_instance_request_concurrency = 80
    timeout                          = "600s"

    scaling {
      min_instance_count = 1
      max_instance_count = var.most_instances
    }

    vpc_access {
      egress = "PRIVATE_RANGES_ONLY"

      network_interfaces {
        network    = var.network_id
        subnetwork = var.subnet_id
      }
    }

    containers {
      name       = "patron"
      image      = var.image
      args       = ["serve", "--host", "0.0.0.0", "--port", "8360", "--settings", local.settings]
      depends_on = ["proxy"]

      ports {
        container_port = 8360
      }

      env {
        name  = "PATRON_DATABASE"
        value = var.database_url
      }

      dynamic "env" {
        for_each = local.sign_in

        content {
          name  = env.key
          value = env.value
        }
      }

      # The processor is there between requests too, for builds go on after the request that asked for one.
      resources {
        cpu_idle = false

        limits = {
          cpu    = var.cpu
          memory = var.memory
        }
      }

      startup_probe {
        period_seconds    = 2
        failure_threshold = 30

        http_get {
          path = "/health/ready"
          port = 8360
        }
      }

      liveness_probe {
        http_get {
          path = "/health/live"
          port = 8360
        }
      }

      volume_mounts {
        name       = "settings"
        mount_path = "/etc/patron"
      }
    }

    containers {
      name  = "proxy"
      image = var.proxy_image
      args  = local.proxy_arguments

      startup_probe {
        period_seconds    = 2
        failure_threshold = 30

        http_get {
          path = "/startup"
          port = 9090
        }
      }
    }

    volumes {
      name = "settings"

      secret {
        secret = google_secret_manager_secret.settings.secret_id

        items {
          path    = "patron.toml"
          version = google_secret_manager_secret_version.settings.version
        }
      }
    }
  }

  depends_on = [
    google_project_iam_member.database,
    google_secret_manager_secret_iam_member.settings,
  ]
}

# Whoever has signed in is let in by the service agent of sign-in, and nobody else is.
resource "google_cloud_run_v2_service_iam_member" "iap" {
  name     = google_cloud_run_v2_service.this.name
  location = google_cloud_run_v2_service.this.location
  role     = "roles/run.invoker"
  member   = "serviceAccount:service-${var.project_number}@gcp-sa-iap.iam.gserviceaccount.com"
}

resource "google_cloud_run_v2_job" "refresh" {
  name                = "${var.name}-refresh"
  location            = var.region
  deletion_protection = var.deletion_protection

  template {
    template {
      service_account = var.service_account_email
      max_retries     = 1
      timeout         = "3600s"

      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"

        network_interfaces {
          network    = var.network_id
          subnetwork = var.subnet_id
        }
      }

      # A command of Patron, by its arguments: `build`, or for one run what an operator gives instead. The proxy is
      # told to end when the command has, for the job lasts as long as any of its containers.
      containers {
        name       = "patron"
        image      = var.image
        command    = ["sh", "-c", "patron \"$@\" --settings ${local.settings}; code=$?; python -c \"import urllib.request as r; r.urlopen(r.Request('http://127.0.0.1:9091/quitquitquit', method='POST'))\"; exit $code", "patron"]
        args       = ["build"]
        depends_on = ["proxy"]

        env {
          name  = "PATRON_DATABASE"
          value = var.database_url
        }

        resources {
          limits = {
            cpu    = "1"
            memory = "512Mi"
          }
        }

        volume_mounts {
          name       = "settings"
          mount_path = "/etc/patron"
        }
      }

      containers {
        name  = "proxy"
        image = var.proxy_image
        args  = local.proxy_arguments

        startup_probe {
          period_seconds    = 2
          failure_threshold = 30

          http_get {
            path = "/startup"
            port = 9090
          }
        }
      }

      volumes {
        name = "settings"

        secret {
          secret = google_secret_manager_secret.settings.secret_id

          items {
            path    = "patron.toml"
            version = google_secret_manager_secret_version.settings.version
          }
        }
      }
    }
  }

  depends_on = [
    google_project_iam_member.database,
    google_secret_manager_secret_iam_member.settings,
  ]
}

resource "google_service_account" "scheduler" {
  account_id   = "${var.name}-scheduler"
  display_name = "Starts Patron's refresh, and nothing else"
}

resource "google_cloud_run_v2_job_iam_member" "scheduler" {
  name     = google_cloud_run_v2_job.refresh.name
  location = google_cloud_run_v2_job.refresh.location
  role     = "roles/run.invoker"
  member   = google_service_account.scheduler.member
}

resource "google_cloud_scheduler_job" "refresh" {
  name      = "${var.name}-refresh"
  region    = var.region
  schedule  = var.refresh_schedule
  time_zone = var.time_zone

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.refresh.id}:run"

    oauth_token {
      service_account_email = google_service_account.scheduler.email
    }
  }
}
