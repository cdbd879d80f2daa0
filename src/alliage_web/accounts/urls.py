from __future__ import annotations

from django.urls import path

from .views import delegations, home, invitations, my_data, roles

app_name = "accounts"

urlpatterns = [
    path("", home.home, name="home"),
    path("roles/", roles.mine, name="roles"),
    path("roles/<int:pk>/quitter/", roles.leave, name="leave-role"),
    path("organisations/<int:pk>/quitter/", roles.leave_organisation, name="leave-organisation"),
    path("remplacements/nouveau/", delegations.new, name="delegate"),
    path("remplacements/<int:pk>/arreter/", delegations.end, name="end-delegation"),
    path("invitation/", invitations.answer, name="invitation"),
    path("invitations/<int:pk>/", invitations.open_own, name="own-invitation"),
    path("invitations/<str:token>/", invitations.open_link, name="invitation-link"),
    path("mes-donnees/", my_data.my_data, name="my-data"),
    path("mes-donnees.json", my_data.my_data_file, name="my-data-file"),
    path("mes-donnees/nom/", my_data.rename, name="rename"),
    path("mes-donnees/effacer/", my_data.erase_me, name="erase-me"),
    path("personnes/", my_data.people, name="people"),
    path("personnes/<int:pk>/effacer/", my_data.erase, name="erase-person"),
]
