"""Django's own migrations (auth, admin, sessions) and its ORM: forwards, backwards, looked at, used. Prints what it sees."""
import datetime
import os

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
                           "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"]}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django.contrib.admin", "django.contrib.messages"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", SECRET_KEY="x", USE_TZ=True, PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
django.setup()

from django.contrib.auth.models import Group, Permission, User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum, Value, Window  # noqa: E402
from django.db.models.functions import Coalesce, Concat, Lower, RowNumber, TruncMonth, Upper  # noqa: E402

call_command("migrate", verbosity=0, interactive=False)
print(sorted(connection.introspection.table_names()))
with connection.cursor() as cursor:
    for table in ("auth_user", "django_session"):
        print(table, sorted(connection.introspection.get_constraints(cursor, table)))
        print([column.name for column in connection.introspection.get_table_description(cursor, table)])
call_command("migrate", "auth", "0008", verbosity=0, interactive=False)
call_command("migrate", verbosity=0, interactive=False)
call_command("inspectdb", "auth_user", "auth_group")
call_command("sqlsequencereset", "auth")

group = Group.objects.create(name="readers")
Group.objects.bulk_create([Group(name=name) for name in ("writers", "O'Brien", "x' OR 1=1 --")])
for number in range(5):
    user = User.objects.create_user(f"user{number}", f"u{number}@example.com", "secret", last_login=datetime.datetime(2026, 1, 1 + number, tzinfo=datetime.timezone.utc))
    user.groups.add(group)
    if number % 2:
        user.user_permissions.set(Permission.objects.order_by("id")[:number])
print(list(User.objects.filter(Q(username__startswith="user") | Q(is_staff=True), groups__name="readers").exclude(email="").values_list("username", flat=True).order_by("-id")))
print(list(User.objects.annotate(n=Count("user_permissions")).filter(n__gt=0).order_by("id").values_list("username", "n")))
print(list(Group.objects.annotate(used=Exists(User.objects.filter(groups=OuterRef("pk")))).order_by("name").values_list("name", "used")))
print(list(User.objects.annotate(place=Window(RowNumber(), order_by=F("id").desc()), up=Upper("username"), all=Concat("username", Value("!"))).order_by("id").values_list("up", "all", "place")))
print(list(User.objects.annotate(month=TruncMonth("last_login")).values("month").annotate(n=Count("id"), total=Coalesce(Sum("id"), 0)).values_list("n", flat=True)))
print(list(Group.objects.annotate(first=Subquery(User.objects.filter(groups=OuterRef("pk")).order_by("id").values("username")[:1])).order_by("id").values_list("first", flat=True)))
print(User.objects.filter(username__icontains="USER1").union(User.objects.filter(username__regex=r"^user[23]$")).count(), Group.objects.filter(name="x' OR 1=1 --").exists())
with transaction.atomic():
    print(User.objects.select_for_update().filter(id__in=User.objects.values("id")[:2]).update(first_name=Lower(F("username"))))
    try:
        with transaction.atomic():
            Group.objects.create(name="readers")
    except django.db.IntegrityError:
        print("unique")
print(User.objects.get_or_create(username="late")[1], User.objects.update_or_create(username="late", defaults={"email": "l@example.com"})[1])
print([user.username for user in User.objects.prefetch_related("groups__permissions").select_related().iterator(2)])
print(User.objects.filter(username="user1").delete()[0] > 0, connection.queries == [])
