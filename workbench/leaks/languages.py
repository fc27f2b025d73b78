"""The word for a password in the languages people leave notes in, as bytes of UTF-8 (and Latin-1 where that is old)."""

from __future__ import annotations

import re

_WORDS = (
    "mot de passe", "contraseña", "contrasena", "clave", "passwort", "kennwort", "wachtwoord", "senha", "palavra-passe",
    "hasło", "haslo", "parola", "parolă", "lösenord", "salasana", "adgangskode", "passord", "heslo", "jelszó", "geslo",
    "lozinka", "slaptažodis", "salasõna", "lykilorð", "şifre", "kata sandi", "mật khẩu", "κωδικός", "пароль", "парола",
    "лозинка", "סיסמה", "كلمة المرور", "كلمة السر", "पासवर्ड", "รหัสผ่าน", "密码", "密碼",
    "パスワード", "비밀번호", "암호",
)  # fmt: skip
_FORMS = tuple(dict.fromkeys(form for word in _WORDS for form in (word, word.capitalize())))
# Bytes fold the case of ASCII alone: another script needs both forms.
PASSWORD_WORDS = b"|".join(
    (*dict.fromkeys(re.escape(form.encode()) for form in _FORMS), "contraseña".encode("latin-1"))
)
# What a lower-cased stretch must hold before the expression is tried.
SPOKEN = (*dict.fromkeys(form.encode().lower() for form in _FORMS), "contraseña".encode("latin-1"))
# What a place-holder is made of elsewhere: ``votre-mot-de-passe-mailgun``, ``tu_contrasena_aqui``.
PLACE_HOLDER_WORDS = frozenset(
    "votre vos ton ta le la les mot de du passe cle clef motdepasse ici serveur utilisateur exemple "  # noqa: SIM905
    "ihr ihre dein deine mein meine das passwort kennwort schlussel schluessel geheim hier eintragen beispiel benutzer "
    "tu su mi el contrase a contrasena clave secreta aqui usuario ejemplo "
    "sua seu sue minha senha chave segura exemplo usuario "
    "tuo tua il lo una uno qui utente esempio chiave "
    "jouw uw mijn wachtwoord sleutel hier invullen voorbeeld gebruiker "
    "twoje twoj haslo klucz tutaj przyklad "
    "din ditt dina losenord adgangskode passord heslo vase parola sifre sifreniz sifresi anahtar "
    "parol vash tvoy kata sandi anda".split()
)
