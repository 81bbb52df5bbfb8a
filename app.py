"""The Chalice app: registers blueprints, nothing else. No function but the API ever imports it."""

from __future__ import annotations

from chalice import Chalice

from chalicelib.handlers import (
    api_answers,
    api_articles,
    api_campaigns,
    api_cases,
    api_composer,
    api_contacts,
    api_customers,
    api_desk,
    api_help,
    api_issues,
    api_links,
    api_models,
    api_pages,
    api_partner,
    api_problems,
    api_promises,
    api_quarantine,
    api_routing,
    api_session,
    api_settings,
    api_static,
    api_trends,
    authorizer,
    calls,
    campaign_events,
    chat_pages,
    delivery,
    desk_page,
    forward,
    help_pages,
    mail,
    mail_frame,
    new_case,
    notice_pages,
    problem_events,
    reactions,
    schedules,
    sms,
)

app = Chalice(app_name="custops", configure_logs=False)

for api in (
    api_session,
    api_cases,
    api_customers,
    api_help,
    api_links,
    api_articles,
    api_answers,
    api_composer,
    api_contacts,
    api_trends,
    api_problems,
    api_promises,
    api_partner,
    api_issues,
    api_models,
    api_campaigns,
    api_routing,
    api_settings,
    api_quarantine,
    api_pages,
    api_static,
    help_pages,
    new_case,
    chat_pages,
    notice_pages,
    desk_page,
    api_desk,
    mail_frame,
):
    app.register_blueprint(api.routes)

for module in (
    authorizer,
    mail,
    sms,
    calls,
    delivery,
    forward,
    reactions,
    problem_events,
    campaign_events,
    schedules,
):
    app.register_blueprint(module.events)
