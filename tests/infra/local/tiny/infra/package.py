"""Stands in for the packager: the code goes straight into the template."""

import argparse
import json
from pathlib import Path

PROXY = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${Api.Arn}/invocations"


def function(handler):
    code = Path("app.py").read_text()
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.11",
            "Handler": f"index.{handler}",
            "Role": "arn:aws:iam::000000000000:role/tiny",
            "Timeout": 10,
            "Code": {"ZipFile": code},
            "Environment": {"Variables": {"TABLE_NAME": {"Ref": "Table"}}},
        },
    }


def mapping(name, source, **more):
    properties = {"FunctionName": {"Ref": name}, "EventSourceArn": {"Fn::GetAtt": source}, **more}
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}


def topic_and_queue(name):
    subscription = {
        "TopicArn": {"Ref": f"{name}Topic"},
        "Protocol": "sqs",
        "Endpoint": {"Fn::GetAtt": [f"{name}Queue", "Arn"]},
    }
    return {
        f"{name}Topic": {"Type": "AWS::SNS::Topic"},
        f"{name}Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 30}},
        f"{name}Link": {"Type": "AWS::SNS::Subscription", "Properties": subscription},
    }


def rest_api():
    call = {"type": "aws_proxy", "httpMethod": "POST", "uri": {"Fn::Sub": PROXY}}
    method = {verb: {"x-amazon-apigateway-integration": call} for verb in ("get", "post")}
    body = {
        "swagger": "2.0",
        "info": {"title": "tiny", "version": "1"},
        "paths": {"/": method, "/{proxy+}": method},
    }
    return {
        "RestApi": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}},
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "Properties": {"RestApiId": {"Ref": "RestApi"}, "StageName": "api"},
        },
    }


def template():
    table = {
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    }
    resources = {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "UserPool": {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolName": "tiny"}},
        "Receive": function("receive"),
        "Forward": function("forward"),
        "Api": function("api"),
        "FromMail": mapping("Receive", ["MailQueue", "Arn"]),
        "FromStream": mapping("Forward", ["Table", "StreamArn"], StartingPosition="LATEST"),
        **rest_api(),
    }
    for name in ("Mail", "Sms", "Delivery"):
        resources |= topic_and_queue(name)
    outputs = {
        "ApiUrl": {
            "Value": {"Fn::Sub": "https://${RestApi}.execute-api.us-east-1.amazonaws.com/api"}
        },
        "BucketName": {"Value": {"Ref": "Bucket"}},
        "UserPoolId": {"Value": {"Ref": "UserPool"}},
        **{f"{n}TopicArn": {"Value": {"Ref": f"{n}Topic"}} for n in ("Mail", "Sms", "Delivery")},
    }
    return {"Resources": resources, "Outputs": outputs}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stage")
    parser.add_argument("--out", type=Path)
    (parser.parse_args().out / "template.json").write_text(json.dumps(template()))
