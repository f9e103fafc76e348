/* SPDX-License-Identifier: MIT */
/*
 * Uses the library with a password, frees everything, and then looks through its own memory for what is left of it:
 *
 *     leak MARK USER ROOT.pem TASK...
 *
 * MARK is the password in hexadecimal, each byte exclusive-or 0x5A, so that it stands nowhere in the clear but where
 * the library puts it. Tasks:
 *
 *     smtp:ssl|starttls|plain:PORT:MECHANISM, imap:..., pop3:...   a mail sent, a mailbox read
 *     wrong:PROTOCOL:...      the same, and the login is expected to fail
 *     token:PORT:PORT:PATH    a token, by it as client secret and refresh token, from https://localhost:PORT/PATH, and with it a
 *                             mailbox read, in the clear, at the other port
 *     sheet:PATH              a sheet that holds it in the clear: loaded, saved, sealed, saved
 *     key:PATH                a private key that is encrypted with it
 *
 * Any twelve bytes of it in a row count, since whoever frees a block writes over its beginning: as they are, in base64 at
 * each place in a group, in hexadecimal, and as the two pads of HMAC (RFC 2104).
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <emailservice/emailservice.h>

#define MASK 0x5A
#define WINDOW 12
#define MOST 128

/* Every byte of these is masked. */
static unsigned char mark[MOST];
static size_t mark_n;
static const char *user, *root;

typedef struct form {
	const char *name;
	unsigned char bytes[2 * MOST];
	size_t n;
} form;

static form forms[8];
static size_t form_count;
static unsigned char begins[256][256]; /* some window of some form does so, in the clear */

static void
wipe(void *p, size_t n)
{
	volatile unsigned char *at = p;

	while (n--)
		*at++ = 0;
}

/* --- what is looked for --- */

static form *
add_form(const char *name)
{
	forms[form_count].name = name;
	return &forms[form_count++];
}

static unsigned
clear_at(size_t i)
{
	return mark[i] ^ MASK;
}

static void
add_base64(const char *name, size_t skip)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	form *f = add_form(name);
	size_t i;

	for (i = skip; i + 3 <= mark_n; i += 3) {
		unsigned long group =
			(unsigned long)clear_at(i) << 16 | clear_at(i + 1) << 8 | clear_at(i + 2);
		int k;

		for (k = 18; k >= 0; k -= 6)
			f->bytes[f->n++] = (unsigned char)(alphabet[group >> k & 63] ^ MASK);
	}
}

static void
make_forms(void)
{
	static const unsigned pads[] = {0, 0x36, 0x5C};
	static const char *const names[] = {"raw", "HMAC's inner pad", "HMAC's outer pad"};
	form *f;
	size_t i, k;

	for (i = 0; i < 3; i++) {
		f = add_form(names[i]);
		for (k = 0; k < mark_n; k++)
			f->bytes[f->n++] = (unsigned char)(mark[k] ^ pads[i]);
	}
	add_base64("base64", 0);
	add_base64("base64, second place", 1);
	add_base64("base64, third place", 2);
	f = add_form("hexadecimal");
	for (k = 0; k < mark_n; k++) {
		f->bytes[f->n++] = (unsigned char)("0123456789abcdef"[clear_at(k) >> 4] ^ MASK);
		f->bytes[f->n++] = (unsigned char)("0123456789abcdef"[clear_at(k) & 15] ^ MASK);
	}
	for (i = 0; i < form_count; i++)
		for (k = 0; k + WINDOW <= forms[i].n; k++)
			begins[forms[i].bytes[k] ^ MASK][forms[i].bytes[k + 1] ^ MASK] = 1;
}

/* --- the search --- */

static const char *
found_at(const volatile unsigned char *p)
{
	size_t i, k, n;

	for (i = 0; i < form_count; i++)
		for (k = 0; k + WINDOW <= forms[i].n; k++) {
			for (n = 0; n < WINDOW && (p[n] ^ MASK) == forms[i].bytes[k + n]; n++)
				;
			if (n == WINDOW)
				return forms[i].name;
		}
	return NULL;
}

static char maps[1 << 20];

static size_t
search_region(const char *task, unsigned long from, unsigned long to, const char *what, bool quiet)
{
	const volatile unsigned char *p = (const volatile unsigned char *)from;
	const volatile unsigned char *end = (const volatile unsigned char *)to - WINDOW;
	size_t found = 0;
	const char *how;

	for (; p <= end; p++)
		if (begins[p[0]][p[1]] && (how = found_at(p))) {
			if (!quiet && found < 4)
				printf("%s: %s at %p in %s\n", task, how, (void *)(uintptr_t)p, what);
			found++;
			p += WINDOW - 1;
		}
	return found;
}

/* Everything that can be written, but for the list itself. No stdio: it would bring buffers of its own. */
static size_t
search(const char *task, bool quiet)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	size_t n = 0, found = 0;
	ssize_t got;
	char *line, *next;

	while ((got = read(fd, maps + n, sizeof maps - 1 - n)) > 0)
		n += (size_t)got;
	close(fd);
	maps[n] = '\0';
	for (line = maps; line && *line; line = next) {
		unsigned long from = strtoul(line, &next, 16), to = strtoul(next + 1, &next, 16);
		const char *mode = next + 1, *name;

		if ((next = strchr(line, '\n')))
			*next++ = '\0';
		name = strpbrk(mode, "/[");
		if (mode[0] == 'r' && mode[1] == 'w')
			found += search_region(task, from, to, name ? name : "memory without a name", quiet);
	}
	return found;
}

/* A search that finds nothing where something is would prove nothing. */
static bool
search_works(void)
{
	unsigned char *copy = malloc(mark_n), *kept = copy;
	size_t i, found, after;

	if (!copy)
		return false;
	for (i = 0; i < mark_n; i++)
		copy[i] = (unsigned char)clear_at(i);
	found = search("control", true);
	wipe(kept, mark_n);
	after = search("control", false);
	free(copy);
	return found > 0 && after == 0;
}

/* --- tasks --- */

static void
clear_copy(char out[MOST + 1])
{
	size_t i;

	for (i = 0; i < mark_n; i++)
		out[i] = (char)clear_at(i);
	out[mark_n] = '\0';
}

static email_trust *
trust_of_root(void)
{
	static char pem[65536];
	email_trust *trust = email_trust_new();
	FILE *f = fopen(root, "r");
	size_t n = f ? fread(pem, 1, sizeof pem, f) : 0;

	if (f)
		fclose(f);
	if (trust)
		email_trust_import(trust, pem, n, "site", NULL);
	return trust;
}

static email_code
on_message(void *context, const email_received *received)
{
	(void)received;
	++*(int *)context;
	return EMAIL_OK;
}

static email_code
send_one(email_account *account)
{
	email_message *m = email_message_new();
	email_report *report = NULL;
	email_code rc;

	email_message_set_from(m, "plant@example.com");
	email_message_add_to(m, "duty@example.com");
	email_message_set_subject(m, "Boiler 2: flame failure");
	email_message_set_text(m, "Flame failure at 03:00.\n");
	rc = email_account_send(account, m, &report);
	email_report_free(report);
	email_message_free(m);
	return rc;
}

/* A session, and what came of it. The password is read out of this frame and the library's memory alone. */
static email_code
session(const char *protocol, const char *security, const char *port, const char *mechanism)
{
	bool out = strcmp(protocol, "smtp") == 0;
	email_account *account = email_account_new(out ? EMAIL_OUTGOING : EMAIL_INCOMING, "account");
	email_trust *trust = trust_of_root();
	char password[MOST + 1];
	int messages = 0;
	email_code rc;

	email_account_set_trust(account, trust);
	email_account_set_hostname(account, "localhost");
	email_account_set(account, "port", port);
	if (!out)
		email_account_set(account, "store", strcmp(protocol, "pop3") == 0 ? "Pop3" : "Imap");
	email_account_set_use_ssl(account, strcmp(security, "ssl") == 0);
	email_account_set_use_start_tls(account, strcmp(security, "starttls") == 0);
	email_account_set(account, "allowPlaintextLogin", strcmp(security, "plain") == 0 ? "true" : "false");
	email_account_set(account, "tlsMinProtocol", "TLSv1.2+");
	clear_copy(password);
	rc = email_account_set_basic_authenticator(account, user, password);
	wipe(password, sizeof password);
	if (rc == EMAIL_OK)
		rc = email_account_set(account, "emailAuthenticator.saslMechanism", mechanism);
	if (rc == EMAIL_OK)
		rc = out ? send_one(account) : email_account_receive(account, on_message, &messages);
	if (rc)
		printf("%s %s %s: %s\n", protocol, security, mechanism, email_account_error(account)->text);
	email_account_free(account);
	email_trust_free(trust);
	return rc;
}

static email_code
token(const char *endpoint, const char *port, const char *path)
{
	email_account *account = email_account_new(EMAIL_INCOMING, "account");
	email_trust *trust = trust_of_root();
	char url[64], secret[sizeof "value:" + MOST] = "value:";
	email_property_value values[] = {{"emailAuthenticator.type", "oAuthRefreshToken"},
	                                 {"emailAuthenticator.account", user},
	                                 {"emailAuthenticator.clientId", "station"},
	                                 {"emailAuthenticator.tokenEndpoint", url},
	                                 {"emailAuthenticator.clientSecret", secret},
	                                 {"emailAuthenticator.refreshToken", secret},
	                                 {"hostname", "localhost"},
	                                 {"port", port},
	                                 {"useSsl", "false"},
	                                 {"allowPlaintextLogin", "true"}};
	int messages = 0;
	email_code rc;

	snprintf(url, sizeof url, "https://localhost:%s/%s", endpoint, path);
	email_account_set_trust(account, trust);
	clear_copy(secret + strlen("value:"));
	rc = email_account_set_all(account, values, sizeof values / sizeof values[0]);
	wipe(secret, sizeof secret);
	if (rc == EMAIL_OK)
		rc = email_account_receive(account, on_message, &messages);
	if (rc)
		printf("token %s: %s\n", path, email_account_error(account)->text);
	email_account_free(account);
	email_trust_free(trust);
	return rc;
}

/* The mark, again and again. */
static bool
give_key(void *context, unsigned char *key)
{
	size_t i;

	(void)context;
	for (i = 0; i < EMAIL_SEAL_KEY_SIZE; i++)
		key[i] = (unsigned char)clear_at(i % mark_n);
	return true;
}

static email_code
sheet(const char *path)
{
	email_service *service = email_service_new();
	email_error e = {0};
	email_code rc = email_service_load(service, path, &e);

	if (rc == EMAIL_OK)
		rc = email_service_save(service, path, &e);
	email_service_set_seal_key(service, give_key, NULL);
	if (rc == EMAIL_OK)
		rc = email_service_save(service, path, &e);
	if (rc == EMAIL_OK)
		rc = email_service_load(service, path, &e);
	if (rc == EMAIL_OK && email_service_account_at(service, 0)) {
		/* opens what is sealed */
		char name[16] = "Renamed";
		const char *was = email_account_name(email_service_account_at(service, 0));

		rc = email_service_rename(service, was, name);
	}
	if (rc)
		printf("%s: %s\n", path, e.code ? e.text : email_service_error(service)->text);
	email_service_free(service);
	return rc;
}

static email_code
key(const char *path)
{
	static unsigned char pem[65536];
	email_trust *trust = email_trust_new();
	char password[MOST + 1];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(pem, 1, sizeof pem - 1, f) + 1 : 0;
	email_key_import in = {
		.certificates = pem, .certificates_size = n, .key = pem, .key_size = n, .password = password};
	email_code rc;

	if (f)
		fclose(f);
	email_trust_open(trust, "leak.state");
	clear_copy(password);
	rc = email_trust_import_key(trust, "client", &in);
	wipe(password, sizeof password);
	if (rc)
		printf("%s: %s\n", path, email_trust_error(trust)->text);
	email_trust_free(trust);
	return rc;
}

static email_code
run(char *task)
{
	char *word[4] = {task};
	int i;

	for (i = 1; i < 4 && (word[i] = strchr(word[i - 1], ':')); i++)
		*word[i]++ = '\0';
	if (i == 2 && strcmp(word[0], "sheet") == 0)
		return sheet(word[1]);
	if (i == 2 && strcmp(word[0], "key") == 0)
		return key(word[1]);
	if (i == 4 && strcmp(word[0], "token") == 0)
		return token(word[1], word[2], word[3]);
	return i == 4 ? session(word[0], word[1], word[2], word[3]) : EMAIL_E_USAGE;
}

int
main(int argc, char **argv)
{
	int failed = 0, i;
	const char *hex;

	if (argc < 5)
		return 64;
	for (hex = argv[1]; hex[0] && hex[1] && mark_n < MOST; hex += 2) {
		char two[3] = {hex[0], hex[1], '\0'};

		mark[mark_n++] = (unsigned char)strtoul(two, NULL, 16);
	}
	user = argv[2];
	root = argv[3];
	setvbuf(stdout, NULL, _IONBF, 0);
	make_forms();
	if (!search_works()) {
		printf("the search does not find what is there\n");
		return 1;
	}
	for (i = 4; i < argc; i++) {
		bool wrong = strncmp(argv[i], "wrong:", 6) == 0;
		char *name = strdup(argv[i]);
		email_code rc = run(argv[i] + (wrong ? 6 : 0));
		size_t found = search(name, false);

		if (wrong ? rc != EMAIL_E_LOGIN : rc != EMAIL_OK) {
			printf("%s: ended with %s\n", name, email_code_name(rc));
			failed = 1;
		}
		if (found) {
			printf("%s: %zu places\n", name, found);
			failed = 1;
		}
		free(name);
	}
	return failed;
}
