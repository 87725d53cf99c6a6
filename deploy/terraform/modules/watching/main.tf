# Alerts to one address, and a dashboard.

resource "google_monitoring_notification_channel" "email" {
  display_name = "Patron's operators"
  type         = "email"

  labels = {
    email_address = var.email
  }
}

locals {
  service  = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${var.service}\""
  job      = "resource.type = \"cloud_run_job\" AND resource.labels.job_name = \"${var.job}\""
  database = "resource.type = \"cloudsql_database\" AND resource.labels.database_id = \"${var.project}:${var.instance}\""

  alerts = {
    errors = {
      title      = "Patron answers with errors"
      filter     = "${local.service} AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"5xx\""
      aligner    = "ALIGN_RATE"
      threshold  = 0.1
      duration   = "300s"
      comparison = "COMPARISON_GT"
    }
    slow = {
      title      = "Patron answers slowly"
      filter     = "${local.service} AND metric.type = \"run.googleapis.com/request_latencies\""
      aligner    = "ALIGN_PERCENTILE_95"
      threshold  = 2000
      duration   = "600s"
      comparison = "COMPARISON_GT"
    }
    refresh = {
      title      = "The refresh of customer_360 failed"
      filter     = "${local.job} AND metric.type = \"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result = \"failed\""
      aligner    = "ALIGN_DELTA"
      threshold  = 0
      duration   = "0s"
      comparison = "COMPARISON_GT"
    }
    disk = {
      title      = "The database's disk is filling up"
      filter     = "${local.database} AND metric.type = \"cloudsql.googleapis.com/database/disk/utilization\""
      aligner    = "ALIGN_MEAN"
      threshold  = 0.85
      duration   = "600s"
      comparison = "COMPARISON_GT"
    }
    down = {
      title      = "The database is down"
      filter     = "${local.database} AND metric.type = \"cloudsql.googleapis.com/database/up\""
      aligner    = "ALIGN_MAX"
      threshold  = 1
      duration   = "120s"
      comparison = "COMPARISON_LT"
    }
  }
}

resource "google_monitoring_alert_policy" "this" {
  for_each              = local.alerts
  display_name          = each.value.title
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.email.id]

  documentation {
    content   = "What to do stands in Patron's guide, docs/operations/watching.md, under: ${each.value.title}."
    mime_type = "text/markdown"
  }

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = each.value.filter
      comparison      = each.value.comparison
      threshold_value = each.value.threshold
      duration        = each.value.duration

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = each.value.aligner
      }
    }
  }
}

resource "google_monitoring_dashboard" "this" {
  dashboard_json = jsonencode({
    displayName = "Patron"
    gridLayout = {
      columns = 2
      widgets = [
        for alert in local.alerts : {
          title = alert.title
          xyChart = {
            dataSets = [{
              plotType = "LINE"
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter = alert.filter
                  aggregation = {
                    alignmentPeriod  = "300s"
                    perSeriesAligner = alert.aligner
                  }
                }
              }
            }]
          }
        }
      ]
    }
  })
}
