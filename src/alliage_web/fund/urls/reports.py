"""The addresses of reports, of indicators and of reminders."""

from __future__ import annotations

from django.urls import path

from alliage_web.fund.views import received_reports as received
from alliage_web.fund.views import reports

_ASKED = "fonds/<slug:code>/conventions/<slug:reference>/rapports/<slug:asked>/"
_INDICATORS = "fonds/<slug:code>/conventions/<slug:reference>/indicateurs/"

patterns = [
    path("rapports/", reports.mine, name="reports"),
    path("rapports/rappels/", reports.reminder_choice, name="reminder-choice"),
    path("rapports/<uuid:uuid>/", reports.detail, name="report"),
    path("rapports/<uuid:uuid>/ecrire/<slug:section>/", reports.section, name="report-section"),
    path("rapports/<uuid:uuid>/preuves/<str:key>/", reports.attach, name="report-attach"),
    path(
        "rapports/<uuid:uuid>/preuves/<str:key>/<uuid:file>/retirer/",
        reports.detach,
        name="report-detach",
    ),
    path("rapports/<uuid:uuid>/documents/<uuid:file>/", reports.download, name="report-document"),
    path("rapports/<uuid:uuid>/signer/<slug:part>/", reports.sign, name="report-sign"),
    path("rapports/<uuid:uuid>/destinataires/", reports.recipients, name="report-recipients"),
    path("rapports/<uuid:uuid>/remettre/<int:obligation>/", reports.deliver, name="report-deliver"),
    path("rapports/<uuid:uuid>/rapport.<str:extension>", reports.whole_file, name="report-file"),
    path("fonds/<slug:code>/rapports/", received.index, name="fund-reports"),
    path(_ASKED, received.asked, name="report-asked"),
    path(f"{_ASKED}commencer/", received.begin, name="report-begin"),
    path(f"{_ASKED}date/", received.change, name="report-change"),
    path(f"{_ASKED}decision/<slug:verb>/", received.decide, name="report-decide"),
    path(
        f"{_ASKED}remises/<int:number>/rapport.<str:extension>",
        received.delivered_file,
        name="report-delivered",
    ),
    path(
        f"{_ASKED}remises/<int:number>/documents/<uuid:file>/",
        received.evidence,
        name="report-evidence",
    ),
    path(_INDICATORS, received.indicators, name="indicators"),
    path(f"{_INDICATORS}nouveau/", received.new_indicator, name="indicator-new"),
    path(f"{_INDICATORS}<uuid:uuid>/mesurer/", received.measure, name="indicator-measure"),
    path(f"{_INDICATORS}<uuid:uuid>/<slug:verb>/", received.agree, name="indicator-decide"),
]
