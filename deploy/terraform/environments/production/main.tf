# One shop: network, database, service and watching, in a project of its own.

locals {
  name = "patron"

  sizes = {
    small  = { tier = "db-custom-1-3840", disk = 20, available = false, cpu = "1", memory = "1Gi", instances = 2 }
    medium = { tier = "db-custom-2-7680", disk = 100, available = true, cpu = "2", memory = "2Gi", instances = 4 }
    large  = { tier = "db-custom-8-30720", disk = 500, available = true, cpu = "4", memory = "4Gi", instances = 8 }
  }
  size = local.sizes[var.size]
}

data "google_project" "this" {
  project_id = var.project
}

resource "google_project_service" "this" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "compute.googleapis.com",
    "iam.googleapis.com",
    "iap.googleapis.com",
    "monitoring.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "servicenetworking.googleapis.com",
    "sqladmin.googleapis.com",
  ])
  service            = each.value
  disable_on_destroy = false
}

resource "google_artifact_registry_repository" "this" {
  #checkov:skip=CKV_GCP_84:The image holds no secret and no data, and a key of one's own would have to be kept and rotated
  repository_id = local.name
  location      = var.region
  format        = "DOCKER"
  description   = "Patron's images"

  docker_config {
    immutable_tags = true
  }

  depends_on = [google_project_service.this]
}

resource "google_service_account" "patron" {
  account_id   = local.name
  display_name = "Patron's service and refresh"

  depends_on = [google_project_service.this]
}

module "network" {
  source = "../../modules/network"

  name   = local.name
  region = var.region

  depends_on = [google_project_service.this]
}

module "database" {
  source = "../../modules/database"

  name                  = local.name
  region                = var.region
  network_id            = module.network.network_id
  service_account_email = google_service_account.patron.email
  tier                  = local.size.tier
  disk_gigabytes        = local.size.disk
  highly_available      = local.size.available
  deletion_protection   = var.deletion_protection

  depends_on = [google_project_service.this]
}

module "service" {
  source = "../../modules/service"

  project               = var.project
  project_number        = data.google_project.this.number
  name                  = local.name
  region                = var.region
  image                 = var.image
  sign_in_audience      = module.entrance.audience
  admins                = var.admins
  analysts              = var.analysts
  service_account_email = google_service_account.patron.email
  network_id            = module.network.network_id
  subnet_id             = module.network.subnet_id
  database_instance     = module.database.instance
  connection_name       = module.database.connection_name
  database_url          = module.database.url
  settings              = file(var.settings_file)
  cpu                   = local.size.cpu
  memory                = local.size.memory
  most_instances        = local.size.instances
  time_zone             = var.time_zone
  deletion_protection   = var.deletion_protection

  depends_on = [google_project_service.this]
}

module "entrance" {
  source = "../../modules/entrance"

  name           = local.name
  region         = var.region
  domain         = var.domain
  service        = local.name # by its name, for the service is told who may come in here
  project_number = data.google_project.this.number
  users          = var.users

  depends_on = [google_project_service.this]
}

module "watching" {
  source = "../../modules/watching"

  project  = var.project
  email    = var.alerts_to
  service  = module.service.service
  job      = module.service.job
  instance = module.database.instance

  depends_on = [google_project_service.this]
}
