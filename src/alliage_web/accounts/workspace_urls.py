"""The workspaces: ``/espaces/`` and the pages of each place."""

from __future__ import annotations

from django.urls import path, register_converter

from .views import invitations, roles, workspaces


class WorkspaceConverter:
    """A place in an address: ``alliance/pemb`` is known as ``alliance:pemb`` in roles and trail.

    Codes hold no slash, save those of territories, which begin with their level.
    """

    regex = "platform|observatory|territory/[^/]+/[^/]+|(?:alliance|organisation|fund)/[^/]+"

    def to_python(self, value: str) -> str:
        kind, slash, code = value.partition("/")
        return f"{kind}:{code}" if slash else kind

    def to_url(self, value: str) -> str:
        return value.replace(":", "/", 1)


register_converter(WorkspaceConverter, "workspace")

app_name = "workspaces"

urlpatterns = [
    path("", workspaces.index, name="index"),
    path("<workspace:name>/", workspaces.detail, name="detail"),
    path("<workspace:name>/acces/", workspaces.access, name="access"),
    path("<workspace:name>/inviter/", invitations.send, name="invite"),
    path("<workspace:name>/donner/", roles.give, name="give"),
    path("<workspace:name>/roles/<int:pk>/fin/", roles.change_end, name="change-end"),
    path("<workspace:name>/roles/<int:pk>/retirer/", roles.take, name="take"),
    path("<workspace:name>/membres/<int:pk>/retirer/", roles.remove_member, name="remove-member"),
    path("<workspace:name>/invitations/<int:pk>/renvoyer/", invitations.resend, name="resend"),
    path("<workspace:name>/invitations/<int:pk>/annuler/", invitations.cancel, name="cancel"),
]
