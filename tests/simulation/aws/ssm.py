"""SSM: parameters by name and by path."""

from __future__ import annotations

from typing import Any

from tests.simulation.aws.errors import AwsError

Request = dict[str, Any]
PAGE = 10


class Ssm:
    def __init__(self) -> None:
        self.parameters: dict[str, tuple[str, str]] = {}  # name -> (type, value)

    def put_parameter(self, request: Request) -> Request:
        name = request["Name"]
        if name in self.parameters and not request.get("Overwrite"):
            raise AwsError("ParameterAlreadyExists", "The parameter already exists.")
        self.parameters[name] = (request.get("Type", "String"), request["Value"])
        return {"Version": 1, "Tier": "Standard"}

    def get_parameter(self, request: Request) -> Request:
        if request["Name"] not in self.parameters:
            raise AwsError("ParameterNotFound", f"Parameter {request['Name']} not found.")
        return {"Parameter": self._shown(request["Name"])}

    def get_parameters(self, request: Request) -> Request:
        known = [name for name in request["Names"] if name in self.parameters]
        unknown = [name for name in request["Names"] if name not in self.parameters]
        return {"Parameters": [self._shown(n) for n in known], "InvalidParameters": unknown}

    def get_parameters_by_path(self, request: Request) -> Request:
        path = request["Path"].rstrip("/") + "/"
        deep = request.get("Recursive", False)
        names = sorted(
            name
            for name in self.parameters
            if name.startswith(path) and (deep or "/" not in name.removeprefix(path))
        )
        start, size = int(request.get("NextToken") or 0), request.get("MaxResults", PAGE)
        answer: Request = {"Parameters": [self._shown(n) for n in names[start : start + size]]}
        if start + size < len(names):
            answer["NextToken"] = str(start + size)
        return answer

    def _shown(self, name: str) -> Request:
        kind, value = self.parameters[name]
        arn = f"arn:aws:ssm:us-east-1:123456789012:parameter{name}"
        return {"Name": name, "Type": kind, "Value": value, "Version": 1, "ARN": arn}
