"""Stands in for the deployer: create or update, then print the outputs."""

import argparse
import json
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("--stage", "--package", "--public-url"):
        parser.add_argument(name)
    options = parser.parse_args()
    stacks = boto3.client("cloudformation")
    asked = {
        "StackName": "tiny",
        "TemplateBody": (Path(options.package) / "template.json").read_text(),
    }
    try:
        stacks.create_stack(**asked)
        stacks.get_waiter("stack_create_complete").wait(StackName="tiny", WaiterConfig={"Delay": 1})
    except ClientError as error:
        if "AlreadyExists" not in str(error):
            raise
    stack = stacks.describe_stacks(StackName="tiny")["Stacks"][0]
    print(json.dumps({o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}))
