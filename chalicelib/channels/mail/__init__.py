"""E-mail in: raw MIME and the receiving service's notice into models. See `parse` and `notice`."""

from __future__ import annotations

from chalicelib.channels.mail.notice import MailNotice, parse_notice, remembered
from chalicelib.channels.mail.parse import parse_mail

__all__ = ["MailNotice", "parse_mail", "parse_notice", "remembered"]
