"""Images, infrastructure, workflows and monitoring: linted, and run where that is possible."""
