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
