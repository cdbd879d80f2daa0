"""Settings: everything that differs between machines comes from the environment.

``ALLIAGE_MODE``
    ``development`` (the default), ``demo`` or ``production``.
    ``DEBUG=false`` beside the demonstration is refused: it is never production.
``ALLIAGE_SECRET_KEY``
    Secret of the signatures; required in production, drawn at each start of the demonstration.
``ALLIAGE_HOSTS``
    Host names served, separated by commas; required in production, else this machine by default.
``ALLIAGE_VAR``
    Folder of the database, media and collected static files; ``var`` beside the sources by default.
``DATABASE_URL``
    ``postgres://…`` or ``sqlite:///…``; SQLite in ``ALLIAGE_VAR`` by default.
``ALLIAGE_SIGN_UP``
    ``invitation`` (the default) or ``open``, the default of the demonstration.
``ALLIAGE_MFA_ROLES``
    Roles that ask for a second factor, separated by commas; see ``docs/how-to/deploy.md``.
``ALLIAGE_MAIL_URL``, ``ALLIAGE_MAIL_FROM``
    The server that sends messages and the address that signs them; required in production. Without
    them messages are files in ``ALLIAGE_VAR/mail``.
``ALLIAGE_OIDC``
    Providers of identity, a JSON list: see ``docs/how-to/connecter-proconnect.md``.
``ALLIAGE_PROXIES``
    How many proxies stand in front and add to ``X-Forwarded-For``; 1 in production, else 0.
``ALLIAGE_FILE_MAX_MB``
    How much one document may weigh, in mebibytes; 25 by default.
``ALLIAGE_CONTROLLER``
    Who answers for the personal data and where to write to them, shown on the page
    « Données personnelles ».
``ALLIAGE_ERASURES``
    The list of the people erased, to keep apart from the backups; ``erasures.jsonl`` in
    ``ALLIAGE_VAR`` by default.
``ALLIAGE_SEMANTIC``
    ``off`` turns off the search by meaning even where its extra is installed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from alliage_web.config import environment, safety

PACKAGE = Path(__file__).resolve().parent.parent

ALLIAGE_MODE = os.environ.get("ALLIAGE_MODE", "development")
if ALLIAGE_MODE not in {"development", "demo", "production"}:
    msg = f"ALLIAGE_MODE is « {ALLIAGE_MODE} ». Use development, demo or production."
    raise ImproperlyConfigured(msg)
PRODUCTION = ALLIAGE_MODE == "production"
ALLIAGE_DEMO = ALLIAGE_MODE == "demo"
DEBUG = ALLIAGE_MODE == "development"
safety.refuse_real_demonstration(ALLIAGE_MODE, debug=os.environ.get("DEBUG", ""))

SECRET_KEY = safety.secret_key(os.environ.get("ALLIAGE_SECRET_KEY", ""), mode=ALLIAGE_MODE)
if ALLIAGE_DEMO:
    # Drawn once: the processes that the server starts share it.
    os.environ["ALLIAGE_SECRET_KEY"] = SECRET_KEY

ALLOWED_HOSTS = safety.hosts(os.environ.get("ALLIAGE_HOSTS", ""), production=PRODUCTION)
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if PRODUCTION else []

VAR = Path(os.environ.get("ALLIAGE_VAR", PACKAGE.parent.parent / "var"))

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "modelsearch",
    "rules",
    "alliage_web.ui",
    "alliage_web.audit",
    "alliage_web.accounts",
    # After ours, whose templates replace theirs.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "alliage_web.files",
    "alliage_web.vocabulary",
    "alliage_web.territories",
    "alliage_web.actors",
    "alliage_web.alliances",
    "alliage_web.fund",
    "alliage_web.knowledge",
    "alliage_web.observatory",
    "alliage_web.positioning",
    "alliage_web.api",
    "alliage_web.site",
]

MIDDLEWARE = [
    "alliage_web.config.requests.NumberedRequests",
    # The headers of safety stand above all that may answer, errors and static files included.
    "django.middleware.security.SecurityMiddleware",
    "alliage_web.config.headers.Headers",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "alliage_web.config.page_cache.KeptPages",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "alliage_web.accounts.middleware.RequireSecondFactor",
    "alliage_web.accounts.middleware.TellMessagesNotSent",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "alliage_web.config.urls"
WSGI_APPLICATION = "alliage_web.config.wsgi.application"
FORM_RENDERER = "alliage_web.ui.forms.Renderer"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "alliage_web.ui.context.chrome",
            ],
            "builtins": ["alliage_web.ui.templatetags.ui"],
        },
    }
]

DATABASES = {
    "default": dj_database_url.config(default=f"sqlite:///{VAR / 'alliage.sqlite3'}"),
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
            " PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456;"
        ),
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        # Attempts to sign in are counted by all processes together.
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shared_cache",
        "KEY_FUNCTION": "alliage_web.config.shared_cache.private_key",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "pages": {
        # In development nothing is kept: templates change without anything being written.
        "BACKEND": "django.core.cache.backends.dummy.DummyCache"
        if DEBUG
        else "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pages",
        "TIMEOUT": 3600,
        "OPTIONS": {"MAX_ENTRIES": 500},
    },
}

MODELSEARCH_BACKENDS = {
    "default": {
        "BACKEND": "modelsearch.backends.database",
        # Texts are stemmed and folded before they are indexed: the database must not do it again.
        "SEARCH_CONFIG": "simple",
    }
}
ALLIAGE_SEMANTIC = os.environ.get("ALLIAGE_SEMANTIC", "on") != "off"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 2 * 3600
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "accounts:home"
LOGOUT_REDIRECT_URL = "site:home"

# Signing in: docs/adr/0012-sign-in.md.
ALLIAGE_SIGN_UP = environment.choice(
    "ALLIAGE_SIGN_UP",
    os.environ.get("ALLIAGE_SIGN_UP", "open" if ALLIAGE_DEMO else "invitation"),
    {"open", "invitation"},
)
ALLIAGE_MFA_ROLES = environment.words(
    "ALLIAGE_MFA_ROLES",
    os.environ.get(
        "ALLIAGE_MFA_ROLES",
        "administrator,fund_officer,fund_auditor,researcher" if PRODUCTION else "",
    ),
    environment.ROLES,
)
ALLAUTH_TRUSTED_PROXY_COUNT = environment.whole_number(
    "ALLIAGE_PROXIES", os.environ.get("ALLIAGE_PROXIES", "1" if PRODUCTION else "0")
)
ACCOUNT_ADAPTER = "alliage_web.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 1
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Alliage] "
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
# What a person, an address or a place of the network may try; « key » is the account.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/5m/key",
    "request_login_code": "20/m/ip,5/15m/key",
    "reset_password": "20/m/ip,5/15m/key",
    # Links to results that are kept: a workshop behind one address makes some tens in an hour.
    "positioning_link": "60/h/ip",
}
ACCOUNT_FORMS = {
    "login": "alliage_web.accounts.forms.sign_in.SignInForm",
    "signup": "alliage_web.accounts.forms.sign_in.SignUpForm",
    "add_email": "alliage_web.accounts.forms.sign_in.ChangeAddressForm",
    "change_password": "alliage_web.accounts.forms.sign_in.ChangePasswordForm",
    "set_password": "alliage_web.accounts.forms.sign_in.SetPasswordForm",
    "reset_password": "alliage_web.accounts.forms.sign_in.ForgottenPasswordForm",
    "reset_password_from_key": "alliage_web.accounts.forms.sign_in.NewPasswordForm",
    "reauthenticate": "alliage_web.accounts.forms.sign_in.ConfirmByPasswordForm",
}
MFA_ADAPTER = "alliage_web.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Alliage"
# A telephone whose clock is half a minute off is still accepted.
MFA_TOTP_TOLERANCE = 1
# Nobody signs in with an address that was not verified: a new one that waits takes nothing away.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_FORMS = {
    "authenticate": "alliage_web.accounts.forms.sign_in.SecondFactorForm",
    "reauthenticate": "alliage_web.accounts.forms.sign_in.ConfirmByCodeForm",
    "activate_totp": "alliage_web.accounts.forms.sign_in.ActivateTotpForm",
    "add_webauthn": "alliage_web.accounts.forms.sign_in.AddPasskeyForm",
    "edit_webauthn": "alliage_web.accounts.forms.sign_in.RenamePasskeyForm",
    "login_webauthn": "alliage_web.accounts.forms.sign_in.SignInByPasskeyForm",
    "authenticate_webauthn": "alliage_web.accounts.forms.sign_in.SecondFactorByPasskeyForm",
    "reauthenticate_webauthn": "alliage_web.accounts.forms.sign_in.ConfirmByPasskeyForm",
}
SOCIALACCOUNT_ADAPTER = "alliage_web.accounts.adapters.ProvidersAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_FORMS = {"signup": "alliage_web.accounts.forms.sign_in.ProviderSignUpForm"}
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "provider_class": "alliage_web.accounts.oidc.Provider",
        "APPS": [
            environment.as_allauth_app(provider)
            for provider in environment.identity_providers(os.environ.get("ALLIAGE_OIDC", ""))
        ],
    }
}

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("Français")), ("en", _("Anglais"))]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = "Europe/Paris"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
MEDIA_ROOT = VAR / "media"
STORAGES = {
    # Private: nothing serves the media folder, and nobody else on the machine reads it.
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

# An import file is read whole: what is larger is refused before it is parsed.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# The form of an alliance has ten fields for each of its parties and dates.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
_FILE_MAX_MB = environment.whole_number(
    "ALLIAGE_FILE_MAX_MB", os.environ.get("ALLIAGE_FILE_MAX_MB", "25")
)
ALLIAGE_FILE_MAX_BYTES = _FILE_MAX_MB * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "alliage_web.config.upload_handlers.BoundedUploads",
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# A page asks for nothing of the device; keys that replace passwords are for our pages alone.
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in (
        "accelerometer", "autoplay", "camera", "clipboard-read", "display-capture",
        "encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection",
        "local-fonts", "magnetometer", "microphone", "midi", "payment", "picture-in-picture",
        "screen-wake-lock", "serial", "storage-access", "usb", "xr-spatial-tracking",
    )
} | {"publickey-credentials-create": ["self"], "publickey-credentials-get": ["self"]}  # fmt: skip
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION
if PRODUCTION:
    # Browsers refuse a cookie of this prefix that another host, or HTTP, would set.
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    LANGUAGE_COOKIE_NAME = "__Host-language"
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True

MAIL = environment.mail(
    os.environ.get("ALLIAGE_MAIL_URL", ""),
    os.environ.get("ALLIAGE_MAIL_FROM", ""),
    production=PRODUCTION,
)
EMAIL_BACKEND = MAIL.backend
EMAIL_FILE_PATH = VAR / "mail"
EMAIL_HOST, EMAIL_PORT = MAIL.host, MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.user, MAIL.password
EMAIL_USE_SSL, EMAIL_USE_TLS = MAIL.ssl, MAIL.starttls
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = MAIL.sender

# Who answers for the personal data, and the list that lets a restore erase people again.
ALLIAGE_CONTROLLER = os.environ.get("ALLIAGE_CONTROLLER", "")
ALLIAGE_ERASURES = Path(os.environ.get("ALLIAGE_ERASURES", VAR / "erasures.jsonl"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {request_id}: {message}", "style": "{"}
    },
    "filters": {"request": {"()": "alliage_web.config.logs.RequestNumber"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
}
