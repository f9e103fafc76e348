/* SPDX-License-Identifier: MIT */
#include "trust/constraints.h"

#include <string.h>

#include "base/str.h"

/* GeneralName's forms (RFC 5280 4.2.1.6), by their tags. */
enum {
	FORM_EMAIL = EMAIL__DER_CONTEXT(1),
	FORM_DNS = EMAIL__DER_CONTEXT(2),
	FORM_DIRECTORY = EMAIL__DER_CONTEXT_HOLDS(4),
	FORM_ADDRESS = EMAIL__DER_CONTEXT(7)
};

#define OID_EMAIL_ADDRESS "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x01"

/* How a name stands to a subtree. */
typedef enum relation {
	OUTSIDE,
	INSIDE,
	UNSURE /* not to be told: neither permitted nor not excluded */
} relation;

/* --- one form each: is the subtree well formed, and is the name inside --- */

/* Letters, digits, hyphens, underscores in labels; "" is everything. No star, no leading dot. */
static bool
dns_base_valid(email__span base)
{
	size_t i;

	for (i = 0; i < base.n; i++) {
		char c = (char)base.p[i];

		if (c == '.' && (i == 0 || i + 1 == base.n || base.p[i - 1] == '.'))
			return false;
		if (c != '.' && c != '-' && c != '_' && !email__is_alpha(c) && !email__is_digit(c))
			return false;
	}
	return true;
}

static bool
ends_with(email__span name, email__span base)
{
	if (base.n == 0)
		return true;
	if (name.n < base.n ||
	    !email__str_equal_n((const char *)name.p + name.n - base.n, (const char *)base.p, base.n))
		return false;
	return name.n == base.n || name.p[name.n - base.n - 1] == '.';
}

/* A wildcard stands for many names: inside means all of them, outside none. */
static relation
dns_relation(email__span name, email__span base)
{
	bool star = name.n > 2 && name.p[0] == '*' && name.p[1] == '.';

	if (star) {
		name.p += 2;
		name.n -= 2;
	}
	if (name.n == 0 || !dns_base_valid(name))
		return UNSURE;
	if (ends_with(name, base))
		return INSIDE;
	return star && ends_with(base, name) ? UNSURE : OUTSIDE;
}

static relation
address_relation(email__span name, email__span base)
{
	size_t i;

	if (name.n * 2 != base.n)
		return OUTSIDE;
	for (i = 0; i < name.n; i++)
		if ((name.p[i] ^ base.p[i]) & base.p[name.n + i])
			return OUTSIDE;
	return INSIDE;
}

/* The mask is ones, then zeros (RFC 4632): anything else is no network. */
static bool
address_base_valid(email__span base)
{
	size_t half = base.n / 2, i;
	bool ended = false;

	if (base.n != 8 && base.n != 32)
		return false;
	for (i = 0; i < half * 8; i++) {
		bool one = base.p[half + i / 8] >> (7 - i % 8) & 1;

		if (one && ended)
			return false;
		ended = !one;
	}
	return true;
}

static bool
plain_string(unsigned tag)
{
	return tag == EMAIL__DER_UTF8_STRING || tag == EMAIL__DER_PRINTABLE_STRING ||
	       tag == EMAIL__DER_IA5_STRING;
}

/* One RelativeDistinguishedName; only one of a single attribute is compared by more than its bytes. */
static relation
rdn_relation(email__span a, email__span b)
{
	email__span pair_a, pair_b, oid_a, oid_b;
	email__der va, vb;

	if (email__span_equal(a, b))
		return INSIDE;
	if (!email__der_take(&a, EMAIL__DER_SEQUENCE, &pair_a) ||
	    !email__der_take(&b, EMAIL__DER_SEQUENCE, &pair_b) ||
	    !email__der_take(&pair_a, EMAIL__DER_OID, &oid_a) ||
	    !email__der_take(&pair_b, EMAIL__DER_OID, &oid_b) || !email__der_next(&pair_a, &va) ||
	    !email__der_next(&pair_b, &vb) || a.n || b.n)
		return UNSURE;
	if (!email__span_equal(oid_a, oid_b))
		return OUTSIDE;
	if (!plain_string(va.tag) || !plain_string(vb.tag))
		return UNSURE;
	return va.value.n == vb.value.n && email__str_equal_n((const char *)va.value.p,
	                                                      (const char *)vb.value.p, va.value.n)
	               ? INSIDE
	               : OUTSIDE;
}

/* RFC 5280 7.1: inside where the base's RDNs are the name's first ones. Both are Names with their tag. */
static relation
directory_relation(email__span name, email__span base)
{
	email__span names, bases, a, b;

	if (!email__der_take(&name, EMAIL__DER_SEQUENCE, &names) ||
	    !email__der_take(&base, EMAIL__DER_SEQUENCE, &bases))
		return UNSURE;
	while (bases.n) {
		relation r;

		if (!email__der_take(&bases, EMAIL__DER_SET, &b))
			return UNSURE;
		if (!email__der_take(&names, EMAIL__DER_SET, &a))
			return OUTSIDE;
		if ((r = rdn_relation(a, b)) != INSIDE)
			return r;
	}
	return INSIDE;
}

static bool
base_valid(unsigned form, email__span base)
{
	if (form == FORM_DNS)
		return dns_base_valid(base);
	if (form == FORM_ADDRESS)
		return address_base_valid(base);
	return form == FORM_DIRECTORY;
}

static relation
form_relation(unsigned form, email__span name, email__span base)
{
	if (form == FORM_DNS)
		return dns_relation(name, base);
	if (form == FORM_ADDRESS)
		return address_relation(name, base);
	return form == FORM_DIRECTORY ? directory_relation(name, base) : UNSURE;
}

/* --- the extension --- */

struct subtrees {
	email__span permitted, excluded; /* what is inside their sequences */
};

/* At least one list, and none empty (4.2.1.10). */
static bool
split(email__span constraints, struct subtrees *s)
{
	bool has;

	memset(s, 0, sizeof *s);
	has = email__der_take(&constraints, EMAIL__DER_CONTEXT_HOLDS(0), &s->permitted);
	if (has && s->permitted.n == 0)
		return false;
	if (email__der_take(&constraints, EMAIL__DER_CONTEXT_HOLDS(1), &s->excluded)) {
		if (s->excluded.n == 0)
			return false;
		has = true;
	}
	return has && constraints.n == 0;
}

/* The next GeneralSubtree. Distances are not to be used (4.2.1.10), so what is behind the base is odd. */
static bool
next_subtree(email__span *list, email__der *base, bool *odd)
{
	email__span seq;

	if (!email__der_take(list, EMAIL__DER_SEQUENCE, &seq) || !email__der_next(&seq, base))
		return false;
	*odd = seq.n != 0;
	return true;
}

/* All subtrees, whether or not a name meets them: malformed ones make the CA one that nobody can follow. */
static email_reasons
judge_lists(const struct subtrees *s)
{
	email__span lists[2] = {s->permitted, s->excluded};
	email_reasons reasons = 0;
	email__der base;
	bool odd;
	int i;

	for (i = 0; i < 2; i++)
		while (lists[i].n) {
			if (!next_subtree(&lists[i], &base, &odd))
				return EMAIL_REASON(MALFORMED);
			if (odd || ((base.tag == FORM_DNS || base.tag == FORM_ADDRESS) &&
			            !base_valid(base.tag, base.value)))
				reasons |= EMAIL_REASON(UNSUPPORTED_CONSTRAINT);
		}
	return reasons;
}

/* What one list says of a name. */
struct answer {
	bool constrained; /* it has subtrees of this form */
	bool inside, unsure;
};

static bool
ask_list(email__span list, unsigned form, email__span name, long *checks, struct answer *a)
{
	email__der base;
	bool odd;

	memset(a, 0, sizeof *a);
	while (!a->inside && next_subtree(&list, &base, &odd)) {
		if (base.tag != form)
			continue;
		if (--*checks < 0)
			return false;
		a->constrained = true;
		switch (form_relation(form, name, base.value)) {
		case INSIDE: a->inside = true; break;
		case UNSURE: a->unsure = true; break;
		case OUTSIDE: break;
		}
	}
	return true;
}

/* One name against both lists: excluded wins, and a form without permitted subtrees is permitted. What
 * cannot be told counts against the name; a DNS name is broken then, another form unsupported. */
static email_reasons
judge_name(const struct subtrees *s, unsigned form, email__span name, long *checks)
{
	email_reasons doubt =
		form == FORM_DNS ? EMAIL_REASON(NAME_CONSTRAINTS) : EMAIL_REASON(UNSUPPORTED_CONSTRAINT);
	struct answer permitted, excluded;

	if (!ask_list(s->excluded, form, name, checks, &excluded) ||
	    !ask_list(s->permitted, form, name, checks, &permitted))
		return EMAIL_REASON(UNSUPPORTED_CONSTRAINT);
	if (excluded.inside)
		return EMAIL_REASON(NAME_CONSTRAINTS);
	if (excluded.unsure)
		return doubt;
	if (!permitted.constrained || permitted.inside)
		return 0;
	return permitted.unsure ? doubt : EMAIL_REASON(NAME_CONSTRAINTS);
}

/* E-mail addresses in the subject count where there is none among the alternative names. */
static email_reasons
judge_subject_email(const struct subtrees *s, const email__cert *cert, long *checks)
{
	static const unsigned char oid[] = OID_EMAIL_ADDRESS;
	email__span none = {0};
	size_t i, n = sizeof oid - 1;

	for (i = 0; i + n <= cert->subject.n; i++)
		if (memcmp(cert->subject.p + i, oid, n) == 0)
			return judge_name(s, FORM_EMAIL, none, checks);
	return 0;
}

email_reasons
email__constraints_judge(const email__cert *ca, const email__cert *cert, long *checks)
{
	struct subtrees s;
	email_reasons reasons;
	email__span rest;
	email__der d;
	bool email = false;

	if (!split(ca->constraints, &s))
		return EMAIL_REASON(MALFORMED);
	reasons = judge_lists(&s);
	if (cert->subject.n > 2)
		reasons |= judge_name(&s, FORM_DIRECTORY, cert->subject, checks);
	for (rest = cert->names; rest.n && email__der_next(&rest, &d);) {
		email = email || d.tag == FORM_EMAIL;
		reasons |= judge_name(&s, d.tag, d.value, checks);
		if (*checks < 0)
			break;
	}
	if (!email)
		reasons |= judge_subject_email(&s, cert, checks);
	return reasons;
}
