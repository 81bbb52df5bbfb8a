"""Packaging and deployment: one template, one zip, one deployer for AWS and the local cloud."""
