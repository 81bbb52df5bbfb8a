"""The people of a Cognito user pool, for its admins. Roles are groups of the pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.errors import Conflict, Invalid, NotFound, TooMany, Unavailable
from chalicelib.ports import Person

MOST = 60  # that Cognito lists in one call
STATES = {"CONFIRMED": "active", "FORCE_CHANGE_PASSWORD": "invited", "RESET_REQUIRED": "reset"}


class CognitoDirectory:
    """See ports.Directory. Each call sets something to what it is to be: done twice is done once,
    but for the mail of an invitation."""

    def __init__(self, client: Any, pool_id: str) -> None:
        self._client = client
        self._pool = pool_id

    def people(self, limit: int, after: str) -> tuple[list[Person], str]:
        more = {"PaginationToken": after} if after else {}
        answer = self._call("list_users", Limit=min(limit, MOST), **more)
        found = [_person(user, user.get("Attributes", [])) for user in answer.get("Users", [])]
        return found, str(answer.get("PaginationToken") or "")

    def members(self, role: str) -> frozenset[str]:
        found: set[str] = set()
        more: dict[str, str] = {}
        while True:
            answer = self._call("list_users_in_group", GroupName=role, Limit=MOST, **more)
            people = (_person(user, user.get("Attributes", [])) for user in answer["Users"])
            found |= {person.email for person in people if person.enabled}
            token = answer.get("NextToken")
            if not token:
                return frozenset(found)
            more = {"NextToken": str(token)}

    def person(self, email: str) -> Person:
        answer = self._user("admin_get_user", email)
        groups = self._user("admin_list_groups_for_user", email)
        return _person(answer, answer.get("UserAttributes", [])).model_copy(
            update={
                "roles": frozenset(group["GroupName"] for group in groups.get("Groups", [])),
                "second_factor": bool(answer.get("UserMFASettingList")),
            }
        )

    def invite(self, email: str, name: str, again: bool = False) -> None:
        if again:
            self._user("admin_create_user", email, MessageAction="RESEND")
            return
        attributes = [
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": "true"},
            *([{"Name": "name", "Value": name}] if name else []),
        ]
        self._user(
            "admin_create_user",
            email,
            UserAttributes=attributes,
            DesiredDeliveryMediums=["EMAIL"],
        )

    def give(self, email: str, role: str) -> None:
        self._user("admin_add_user_to_group", email, GroupName=role)

    def take(self, email: str, role: str) -> None:
        self._user("admin_remove_user_from_group", email, GroupName=role)

    def rename(self, email: str, name: str) -> None:
        attributes = [{"Name": "name", "Value": name}]
        self._user("admin_update_user_attributes", email, UserAttributes=attributes)

    def enable(self, email: str, on: bool) -> None:
        self._user("admin_enable_user" if on else "admin_disable_user", email)

    def sign_out(self, email: str) -> None:
        self._user("admin_user_global_sign_out", email)

    def set_temporary(self, email: str, password: str) -> None:
        self._user("admin_set_user_password", email, Password=password, Permanent=False)

    def _user(self, operation: str, email: str, **arguments: Any) -> dict[str, Any]:
        return self._call(operation, Username=email, **arguments)

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(
                UserPoolId=self._pool, **arguments
            )
        except ClientError as error:
            raise _meaning(error, error.response["Error"]["Code"]) from error
        return answer


def _meaning(error: Exception, code: str) -> Exception:
    match code:
        case "UserNotFoundException":
            return NotFound("there is no such person")
        case "UsernameExistsException" | "AliasExistsException":
            return Conflict("there is an account for that address already")
        case "InvalidParameterException":
            return Invalid.field("email", "is not taken by the user pool")
        case "UnsupportedUserStateException":
            return Conflict("they have chosen a password already")
        case "TooManyRequestsException" | "LimitExceededException":
            return TooMany("the user pool takes no more at the moment; try again shortly")
        case "CodeDeliveryFailureException":
            return Unavailable("the user pool could not send its mail")
    return error


def _person(user: Mapping[str, Any], attributes: list[dict[str, str]]) -> Person:
    known = {attribute["Name"]: attribute["Value"] for attribute in attributes}
    status = str(user.get("UserStatus", ""))
    return Person(
        email=(known.get("email") or str(user["Username"])).lower(),
        name=known.get("name", ""),
        enabled=bool(user.get("Enabled", True)),
        state=STATES.get(status, status.lower()),
        created_at=user.get("UserCreateDate"),
    )
