/* SPDX-License-Identifier: MIT */
#include "trust/names.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "trust/host.h"
#include "trust/verdict.h"

enum { SAN_DNS = EMAIL__DER_CONTEXT(2), SAN_ADDRESS = EMAIL__DER_CONTEXT(7) };

bool
email__reference_parse(const char *host, email__reference *reference)
{
	bool address;

	memset(reference, 0, sizeof *reference);
	if (!host || email__host_canonical(host, reference->name, &address))
		return false;
	if (address)
		reference->address_len = email__ip_parse(reference->name, reference->address);
	return true;
}

/* Without regard to ASCII case; a NUL or anything odd in the bytes simply does not match. */
static bool
same(const char *name, const unsigned char *p, size_t n)
{
	size_t i;

	if (strlen(name) != n)
		return false;
	for (i = 0; i < n; i++)
		if (email__lower((char)p[i]) != name[i])
			return false;
	return true;
}

bool
email__name_matches(const char *name, email__span presented)
{
	const char *rest;

	if (presented.n > 2 && presented.p[0] == '*' && presented.p[1] == '.') {
		rest = strchr(name, '.');
		/* one label for the star, and two behind it */
		return rest && rest != name && strchr(rest + 1, '.') &&
		       same(rest + 1, presented.p + 2, presented.n - 2);
	}
	return same(name, presented.p, presented.n);
}

email_reasons
email__names_judge(const email__cert *leaf, const email__reference *reference)
{
	email__span rest = leaf->names, common;
	email__der d;
	bool any = false;

	while (rest.n && email__der_next(&rest, &d)) {
		any = any || d.tag == SAN_DNS || d.tag == SAN_ADDRESS;
		if (reference->address_len) {
			if (d.tag == SAN_ADDRESS &&
			    email__span_equal(d.value,
			                      email__span_of(reference->address, reference->address_len)))
				return 0;
		} else if (d.tag == SAN_DNS && email__name_matches(reference->name, d.value)) {
			return 0;
		}
	}
	/* RFC 9525 2: the common name is no identifier; that it would have done helps a person to see why */
	if (!any && email__name_common(leaf->subject, &common) &&
	    email__name_matches(reference->name, common))
		return EMAIL_REASON(NAME_CN_ONLY);
	return EMAIL_REASON(NAME);
}
