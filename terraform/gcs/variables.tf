variable "bucket" {
  type        = string
  description = "Name of the bucket to make, for backups alone."

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits, hyphens and underscores, and a letter or digit at its ends."
  }
}

variable "location" {
  type        = string
  description = "Where the bucket is: a region (`europe-west3`), or several (`EU`). It can't be moved."

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+$", var.location))
    error_message = "A location has letters, digits and hyphens."
  }
}

variable "prefix" {
  type        = string
  default     = "immich"
  description = "Where in the bucket the vault lies: `prefix` of the destination."

  validation {
    # What Safelight takes, but for the characters that mean something in a condition.
    condition     = can(regex("^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", var.prefix))
    error_message = "A prefix has letters, digits, hyphens and underscores, with single slashes between."
  }
}

variable "name" {
  type        = string
  default     = "immich"
  description = "What the names of the service accounts begin with."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,21}$", var.name))
    error_message = "A name has 1 to 22 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "storage_class" {
  type        = string
  default     = "STANDARD"
  description = "Class of photos, videos and packs. Safelight names it with every object; all else is STANDARD."

  validation {
    condition     = contains(["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"], var.storage_class)
    error_message = "The classes are STANDARD, NEARLINE, COLDLINE and ARCHIVE."
  }
}

variable "soft_delete_days" {
  type        = number
  default     = 30
  description = "For how many days a deleted or replaced object can be taken back."

  validation {
    condition     = var.soft_delete_days >= 7 && var.soft_delete_days <= 90 && floor(var.soft_delete_days) == var.soft_delete_days
    error_message = "Google allows a whole number from 7 to 90."
  }
}

variable "retention_days" {
  type        = number
  default     = null
  description = "For how many days after its creation nobody can delete an object. Left unlocked: see the README."

  validation {
    condition     = var.retention_days == null ? true : var.retention_days >= 1 && var.retention_days <= 36500 && floor(var.retention_days) == var.retention_days
    error_message = "The days are a whole number from 1 to 36500."
  }
}

variable "gke" {
  type = object({
    project   = string
    namespace = optional(string, "immich")
  })
  default     = null
  description = "The project of a GKE cluster with workload identity. With it, backup and verification need no keys."

  validation {
    condition     = var.gke == null ? true : can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.gke.project))
    error_message = "That is no id of a project."
  }

  validation {
    condition     = var.gke == null ? true : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.gke.namespace))
    error_message = "That is no name of a namespace."
  }
}
