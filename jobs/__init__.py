"""What is run from time to time, by cron or a Kubernetes CronJob: one file per job, and `jobs.run` around each.

Every job is idempotent: run twice over the same data, it changes nothing the second time.
"""
