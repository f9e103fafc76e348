/* SPDX-License-Identifier: MIT */
#include "proto/pop3_command.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "proto/line.h"

email_code
email__pop3_put_verb(email__link *link, const char *verb)
{
	line l = line_begin(link, 16);

	adds(&l, verb);
	return line_finish(&l, NULL);
}

email_code
email__pop3_put_number(email__link *link, const char *verb, uint32_t number)
{
	line l = line_begin(link, EMAIL__POP3_COMMAND_ROOM);

	adds(&l, verb);
	adds(&l, " ");
	add_number(&l, number);
	return line_finish(&l, NULL);
}

email_code
email__pop3_put_top(email__link *link, uint32_t number)
{
	line l = line_begin(link, EMAIL__POP3_COMMAND_ROOM);

	adds(&l, "TOP ");
	add_number(&l, number);
	adds(&l, " 0");
	return line_finish(&l, NULL);
}

/* RFC 1939 3 and 13: printable, and PASS may hold spaces. All but what breaks a line goes out as it is. */
static email_code
put_word(email__link *link, const char *verb, const char *word, const char *masked)
{
	email_code rc;
	line l;

	if (email__str_breaks_line(word, strlen(word)))
		return EMAIL_E_VALUE;
	if ((rc = email__link_login(link, EMAIL__POP3_COMMAND_MAX)))
		return rc;
	l = line_begin(link, EMAIL__POP3_COMMAND_MAX);
	adds(&l, verb);
	adds(&l, word);
	return line_finish(&l, masked);
}

email_code
email__pop3_put_user(email__link *link, const char *user)
{
	return *user ? put_word(link, "USER ", user, "USER ****") : EMAIL_E_VALUE;
}

email_code
email__pop3_put_pass(email__link *link, const char *password)
{
	return put_word(link, "PASS ", password, "PASS ****");
}

/* RFC 4422 3.1: capital letters, digits, - and _. */
static bool
mechanism_valid(const char *name)
{
	size_t n = 0;

	for (; email__is_alpha(name[n]) || email__is_digit(name[n]) || name[n] == '-' || name[n] == '_'; n++)
		if (n == 20)
			return false;
	return n > 0 && name[n] == '\0';
}

email_code
email__pop3_put_auth(email__link *link, const char *mechanism, const void *response, size_t n)
{
	char masked[64];
	email_code rc;
	line l;

	if (!mechanism_valid(mechanism))
		return EMAIL_E_VALUE;
	if ((rc = email__link_login(link, EMAIL__POP3_COMMAND_MAX)))
		return rc;
	l = line_begin(link, EMAIL__POP3_COMMAND_MAX);
	snprintf(masked, sizeof masked, "AUTH %s%s", mechanism, response ? " ****" : "");
	adds(&l, "AUTH ");
	adds(&l, mechanism);
	if (response) {
		adds(&l, n ? " " : " ="); /* RFC 5034 4: an empty initial response */
		add_base64(&l, response, n);
	}
	return line_finish(&l, masked);
}

email_code
email__pop3_put_response(email__link *link, const void *response, size_t n)
{
	size_t most = EMAIL__BASE64_LEN(n) + 2;
	email_code rc = n > EMAIL__SASL_RESPONSE_MAX ? EMAIL_E_LIMIT : email__link_login(link, most);
	line l;

	if (rc)
		return rc;
	l = line_begin(link, most);
	add_base64(&l, response, n);
	return line_finish(&l, "****");
}
