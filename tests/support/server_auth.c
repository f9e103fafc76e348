/* SPDX-License-Identifier: MIT */
/* SASL PLAIN (RFC 4616) and LOGIN, by RFC 4954 (SMTP), 3501 6.2.2 and 4959 (IMAP), 5034 (POP3). */
#include <string.h>
#include <strings.h>

#include "codec/base64.h"
#include "server_internal.h"

/* One step from the client, decoded and ended by a NUL; false after a reply to what is none. */
static bool
decode(conn *c, const email_test_login_words *w, const char *line, char *out, size_t size)
{
	size_t n = strlen(line), done = 0;

	if (strcmp(line, "*") == 0) {
		(void)email_test_reply(c, "auth", NULL, w->cancelled);
		return false;
	}
	if (strcmp(line, "=") == 0) /* an empty initial response: RFC 4954 4 */
		n = 0;
	if (n / 4 * 3 >= size ||
	    (n && email__base64_decode((unsigned char *)out, &done, line, n) != EMAIL_OK)) {
		email_test_violation(c, "AUTH response is not base64");
		(void)email_test_reply(c, "auth", NULL, w->not_base64);
		return false;
	}
	out[done] = '\0';
	for (size_t i = done; i < size; i++)
		out[i] = '\0';
	return true;
}

static bool
prompt(conn *c, const email_test_login_words *w, const char *challenge, char *out, size_t size)
{
	char text[64], *line;

	(void)email_test_last_in_flight(c, "bytes in one flight before a challenge");
	(void)snprintf(text, sizeof text, "%s%s", w->prompt, challenge);
	if (!email_test_reply(c, "auth-prompt", NULL, text))
		return false;
	line = email_test_line(c);
	return line && decode(c, w, line, out, size);
}

static bool
plain(conn *c, const email_test_login_words *w, const char *initial, const char **user, const char **password,
      char *buf, size_t size)
{
	size_t n;

	if (initial ? !decode(c, w, initial, buf, size - 4) : !prompt(c, w, "", buf, size - 4))
		return false;
	n = strlen(buf) + 1; /* past the authorization identity */
	*user = buf + n;
	n += strlen(*user) + 1;
	*password = n < size ? buf + n : "";
	return true;
}

static bool
login(conn *c, const email_test_login_words *w, const char *initial, const char **user, const char **password,
      char *buf, size_t size)
{
	if (initial ? !decode(c, w, initial, buf, size / 2) : !prompt(c, w, "VXNlcm5hbWU6", buf, size / 2))
		return false;
	*user = buf;
	*password = buf + size / 2;
	return prompt(c, w, "UGFzc3dvcmQ6", buf + size / 2, size / 2);
}

static bool
offered(const email_test_server_options *o, const char *mechanism)
{
	size_t n = strlen(mechanism);

	for (const char *p = o->mechanisms; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		if (len == n && strncasecmp(p, mechanism, n) == 0)
			return true;
		p += len;
	}
	return false;
}

bool
email_test_login(conn *c, const char *stage, const char *user, const char *password,
                 const email_test_login_words *words)
{
	const email_test_server_options *o = &c->s->o;

	if (o->user && (strcmp(user, o->user) || strcmp(password, o->password ? o->password : "")))
		return email_test_reply(c, stage, NULL, words->invalid) > 0;
	c->authenticated = email_test_reply(c, stage, NULL, words->welcome) == 2;
	return !c->broken;
}

bool
email_test_authenticate(conn *c, char *argument, const email_test_login_words *words)
{
	const email_test_server_options *o = &c->s->o;
	char *initial = strchr(argument, ' ');
	const char *user = "", *password = "";
	char buf[4096];
	bool whole;

	if (initial)
		*initial++ = '\0';
	if (offered(o, argument) && strcasecmp(argument, "PLAIN") == 0)
		whole = plain(c, words, initial, &user, &password, buf, sizeof buf);
	else if (offered(o, argument) && strcasecmp(argument, "LOGIN") == 0)
		whole = login(c, words, initial, &user, &password, buf, sizeof buf);
	else
		return email_test_reply(c, "auth", NULL, words->unknown) > 0;
	(void)email_test_last_in_flight(c, "commands in one flight behind a login");
	return whole ? email_test_login(c, "auth", user, password, words) : !c->broken;
}
