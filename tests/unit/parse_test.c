/* SPDX-License-Identifier: MIT */
#include "mime/parse.h"

#include <stdlib.h>
#include <time.h>

#include "support/cm.h"
#include "support/events.h"
#include "support/failalloc.h"

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

static email_test_events whole, pieces;

/* What is said of the message, in one piece and in pieces of every size. */
static const char *
events(const char *bytes, size_t n)
{
	size_t chunk;

	email_test_events_run(&whole, bytes, n, 0, 0, true);
	assert_int_equal(whole.rc, EMAIL_OK);
	if (whole.broken)
		fail_msg("%s:\n%s", whole.broken, whole.text);
	for (chunk = 1; chunk < n && chunk < 300; chunk++) {
		email_test_events_run(&pieces, bytes, n, chunk, chunk % 3 ? 0 : (unsigned)chunk, true);
		if (pieces.broken)
			fail_msg("%s (pieces of %zu):\n%s", pieces.broken, chunk, pieces.text);
		if (strcmp(pieces.text, whole.text) != 0)
			fail_msg("pieces of %zu:\n%s\nbut whole:\n%s", chunk, pieces.text, whole.text);
	}
	return whole.text;
}

static void
says_raw(const char *bytes, size_t n, const char *wanted)
{
	assert_string_equal(events(bytes, n), wanted);
}

/* Of a message with proper line ends; CRs are left out of what is compared, positions count them. */
static void
says(const char *message, const char *wanted)
{
	size_t size = strlen(message) * 2 + 1, n = 0;
	char *crlf = malloc(size), *to;
	const char *from;

	assert_non_null(crlf);
	for (; *message; message++) {
		if (*message == '\n')
			crlf[n++] = '\r';
		crlf[n++] = *message;
	}
	events(crlf, n);
	for (from = to = whole.text; *from; from++)
		if (*from != '\r')
			*to++ = *from;
	*to = '\0';
	assert_string_equal(whole.text, wanted);
	free(crlf);
}

/* A message made of pieces: `head`, then `piece` so often, then `tail`. */
static const char *
repeated(const char *head, const char *piece, size_t times, const char *tail, size_t *n)
{
	static char *message;
	size_t k = strlen(piece), h = strlen(head), t = strlen(tail), i;

	free(message);
	message = malloc(h + k * times + t + 1);
	assert_non_null(message);
	memcpy(message, head, h);
	for (i = 0; i < times; i++)
		memcpy(message + h + i * k, piece, k);
	memcpy(message + h + k * times, tail, t + 1);
	*n = h + k * times + t;
	return message;
}

static const char *
events_of(const char *head, const char *piece, size_t times, const char *tail)
{
	size_t n, chunk;
	const char *message = repeated(head, piece, times, tail, &n);

	email_test_events_run(&whole, message, n, 0, 0, false);
	for (chunk = 1; chunk <= 3; chunk++) {
		email_test_events_run(&pieces, message, n, chunk == 1 ? 1 : chunk * 9999, chunk == 3, false);
		assert_int_equal(pieces.text_n, whole.text_n);
		assert_memory_equal(pieces.text, whole.text, whole.text_n);
		if (pieces.broken || whole.broken)
			fail_msg("%s %s", pieces.broken, whole.broken);
	}
	return whole.text;
}

/* A defect that a longer message must have, with this part; -1: must not. */
static void
has(email_defect defect, int part)
{
	if (whole.told[defect] != part)
		fail_msg("%s is %d", email_defect_name(defect), whole.told[defect]);
}

static void
plain(void **state)
{
	(void)state;
	says("Subject: hi\n  there\nX:\nTo :\t a\n\nhello\n\nend\n",
	     "part 0 of 0 @0\nSubject: hi\n  there\nX: \nTo: a\n= text/plain @37\n"
	     "[hello\n\nend\n]\nend 0 @51\n");
	says("A: b\n\n", "part 0 of 0 @0\nA: b\n= text/plain @8\n[]\nend 0 @8\n");
	says("A: b\n", "part 0 of 0 @0\nA: b\n= text/plain @6\n[]\nend 0 @6\n");
	says("A: b", "part 0 of 0 @0\nA: b\n= text/plain @4\n[]\nend 0 @4\n");
	says("Content-Type: text/html; charset=X\nContent-Transfer-Encoding: BASE64\n\n--\n-",
	     "part 0 of 0 @0\nContent-Type: text/html; charset=X\nContent-Transfer-Encoding: BASE64\n"
	     "= text/html x base64 @73\n[--\n-]\nend 0 @78\n");
}

static void
begins_oddly(void **state)
{
	(void)state;
	says("", "part 0 of 0 @0\n= text/plain @0\n[]\nend 0 @0\n! noHeader 0\n");
	says("\n", "part 0 of 0 @2\n= text/plain @2\n[]\nend 0 @2\n! noHeader 0\n");
	says("\n\nA: b\n\nx", "part 0 of 0 @4\nA: b\n= text/plain @12\n[x]\nend 0 @13\n! noHeader 0\n");
	says("hello\nA: b\n", "part 0 of 0 @0\n= text/plain @0\n[hello\nA: b\n]\nend 0 @13\n! noHeader 0\n");
	says("From a@b Mon\nA: b\n\nx", "part 0 of 0 @14\nA: b\n= text/plain @22\n[x]\nend 0 @23\n");
	/* RFC 5322 A.6.3 */
	says("From  : a@b\nTo: c\n\nx",
	     "part 0 of 0 @0\nFrom: a@b\nTo: c\n= text/plain @22\n[x]\nend 0 @23\n");
	says("From :", "part 0 of 0 @0\nFrom: \n= text/plain @6\n[]\nend 0 @6\n");
	says("From  \nA: b\n\nx", "part 0 of 0 @8\nA: b\n= text/plain @16\n[x]\nend 0 @17\n");
	says("From  ", "part 0 of 0 @6\n= text/plain @6\n[]\nend 0 @6\n! noHeader 0\n");
	/* a byte order mark */
	says("\xEF\xBB\xBF\x41: b\n\nx",
	     "part 0 of 0 @3\nA: b\n= text/plain @11\n[x]\nend 0 @12\n! noHeader 0\n");
	says("\xEF\xBB", "part 0 of 0 @0\n= text/plain @0\n[\xEF\xBB]\nend 0 @2\n! noHeader 0\n");
	says("\n\xEF\xBB\xBF\x41: b\n\n",
	     "part 0 of 0 @2\n= text/plain @2\n[\xEF\xBB\xBF\x41: b\n\n]\nend 0 @13\n! noHeader 0\n");
	says("\nFrom a", "part 0 of 0 @8\n= text/plain @8\n[]\nend 0 @8\n! noHeader 0\n");
	says("From", "part 0 of 0 @0\n= text/plain @0\n[From]\nend 0 @4\n! noHeader 0\n");
	says("From: a\n\n", "part 0 of 0 @0\nFrom: a\n= text/plain @11\n[]\nend 0 @11\n");
	says(" folded: x\n\ny",
	     "part 0 of 0 @0\n= text/plain @0\n[ folded: x\n\ny]\nend 0 @15\n! noHeader 0\n");
}

/* What a continuation continued is lost, the rest of the header is not. */
static void
begins_folded(void **state)
{
	char spaces[1100] = "";
	size_t i;

	(void)state;
	says(" folded\n\tmore\nA: b\n\nx",
	     "part 0 of 0 @0\nA: b\n= text/plain @24\n[x]\nend 0 @25\n! headerLine 0\n");
	says("From x\n y\nA: b\n\nx",
	     "part 0 of 0 @8\nA: b\n= text/plain @20\n[x]\nend 0 @21\n! headerLine 0\n");
	says(" \nA : b\n\nx", "part 0 of 0 @0\nA: b\n= text/plain @12\n[x]\nend 0 @13\n! headerLine 0\n");
	/* no field follows: then it is content */
	says(" text\nmore\n", "part 0 of 0 @0\n= text/plain @0\n[ text\nmore\n]\nend 0 @13\n! noHeader 0\n");
	says(" text", "part 0 of 0 @0\n= text/plain @0\n[ text]\nend 0 @5\n! noHeader 0\n");
	says(" text\nA ", "part 0 of 0 @0\n= text/plain @0\n[ text\nA ]\nend 0 @9\n! noHeader 0\n");
	/* in a part, a blank line is meant for the empty one */
	says(MIXED "--b\n folded\nA: b\n\nx\n--b\n \nA: b\n--b--",
	     "part 0 of 0 @0\nContent-Type: multipart/mixed; boundary=b\n= multipart/mixed @45\n"
	     "part 1 of 0 @50\nA: b\n= text/plain @67\n[x]\nend 1 @68\n"
	     "part 2 of 0 @75\n= text/plain @75\n[ \nA: b]\nend 2 @82\nend 0 @89\n"
	     "! noHeaderEnd 2\n! headerLine 1\n");
	/* it is looked for within the length of a line */
	for (i = 990; i < 1010; i++) {
		memset(spaces, ' ', i);
		memcpy(spaces + i, "\r\nA: b\r\n\r\nx", sizeof "\r\nA: b\r\n\r\nx");
		events(spaces, strlen(spaces));
		has(i < 996 ? EMAIL_DEFECT_HEADER_LINE : EMAIL_DEFECT_NO_HEADER, 0);
	}
}

static void
header_lines(void **state)
{
	(void)state;
	says("A: b\nno field\n\nx", "part 0 of 0 @0\nA: b\n= text/plain @6\n[no field\n\nx]\nend 0 @19\n! "
	                            "noHeaderEnd 0\n! headerLine 0\n");
	says("A: b\n>From x\n y\nFrom y\nC: d\n\nx",
	     "part 0 of 0 @0\nA: b\nC: d\n= text/plain @35\n[x]\nend 0 @36\n! headerLine 0\n");
	says("A: b\n>From x", "part 0 of 0 @0\nA: b\n= text/plain @13\n[]\nend 0 @13\n! headerLine 0\n");
	says("A: b\n \n\t\n\nx", "part 0 of 0 @0\nA: b\n \n\t\n= text/plain @14\n[x]\nend 0 @15\n");
	says("Content-Type: text/html\nContent-type: multipart/mixed; boundary=b\nSubject: 1\nSUBJECT: 2\n\n",
	     "part 0 of 0 @0\nContent-Type: text/html\nContent-type: multipart/mixed; boundary=b\nSubject: "
	     "1\n"
	     "SUBJECT: 2\n= text/html @94\n[]\nend 0 @94\n! headerRepeated 0\n");
	says("Content-Type: text\nContent-Transfer-Encoding: x-y\n\n",
	     "part 0 of 0 @0\nContent-Type: text\nContent-Transfer-Encoding: x-y\n= text/plain x-y @54\n[]\n"
	     "end 0 @54\n! contentType 0\n! unknownEncoding 0\n");
	says("Received: 1\nReceived: 2\n\n",
	     "part 0 of 0 @0\nReceived: 1\nReceived: 2\n= text/plain @28\n[]\nend 0 @28\n");
}

static void
multipart(void **state)
{
	(void)state;
	says("Content-Type: multipart/mixed; boundary=\"b c\"\n\npreamble\n--b c\nA: 1\n\none\n\n--b c "
	     "\t\n\ntwo\n"
	     "--b c--\t\nepilogue\n--b c\n\n",
	     "part 0 of 0 @0\nContent-Type: multipart/mixed; boundary=\"b c\"\n= multipart/mixed @49\n"
	     "part 1 of 0 @66\nA: 1\n= text/plain @74\n[one\n]\nend 1 @79\n"
	     "part 2 of 0 @90\n= text/plain @92\n[two]\nend 2 @95\nend 0 @126\n");
	/* the first line is one already; empty parts */
	says(MIXED "--b\n\n\n--b\n\n--b--",
	     "part 0 of 0 @0\nContent-Type: multipart/mixed; boundary=b\n= multipart/mixed @45\n"
	     "part 1 of 0 @50\n= text/plain @52\n[]\nend 1 @52\n"
	     "part 2 of 0 @59\n= text/plain @61\n[]\nend 2 @61\nend 0 @66\n");
	says(MIXED "--b--\n", "part 0 of 0 @0\nContent-Type: multipart/mixed; boundary=b\n"
	                      "= multipart/mixed @45\nend 0 @52\n! boundaryMissing 0\n");
	/* lines that only look like it */
	says(MIXED "--b\n\n--\n--c\n--bb\n--b-\n --b\n--b --\n--b---\nx--b\n\n--b--",
	     "part 0 of 0 @0\nContent-Type: multipart/mixed; boundary=b\n= multipart/mixed @45\n"
	     "part 1 of 0 @50\n= text/plain @52\n[--\n--c\n--bb\n--b-\n --b\n--b --\n--b---\nx--b\n]\nend 1 "
	     "@101\n"
	     "end 0 @108\n");
}

static void
header_without_end(void **state)
{
	(void)state;
	says(MIXED "--b\nA: 1\n--b\n--b\nno field\n--b--\n",
	     "part 0 of 0 @0\nContent-Type: multipart/mixed; boundary=b\n= multipart/mixed @45\n"
	     "part 1 of 0 @50\nA: 1\n= text/plain @56\n[]\nend 1 @56\n"
	     "part 2 of 0 @61\n= text/plain @61\n[]\nend 2 @61\n"
	     "part 3 of 0 @66\n= text/plain @66\n[no field]\nend 3 @74\nend 0 @83\n"
	     "! noHeaderEnd 1\n! headerLine 3\n");
	says("Content-Type: multipart/mixed; boundary=b\n--b\n\nx\n--b--",
	     "part 0 of 0 @0\nContent-Type: multipart/mixed; boundary=b\n= multipart/mixed @43\n"
	     "part 1 of 0 @48\n= text/plain @50\n[x]\nend 1 @51\nend 0 @58\n! noHeaderEnd 0\n! headerLine "
	     "0\n");
	/* names as long as lines */
	assert_non_null(strstr(events_of("", "name", 240, ": x\r\n\r\nbody"), "name: x\n= text/plain"));
	assert_non_null(
		strstr(events_of("", "name", 250, ": x\r\n\r\nbody"), "0 of 0 @0\n= text/plain @0\n"));
	/* a boundary goes before a field */
	says("Content-Type: multipart/mixed; boundary=\"b:c\"\n\n--b:c\nA: 1\n--b:c\n\nx\n--b:c--",
	     "part 0 of 0 @0\nContent-Type: multipart/mixed; boundary=\"b:c\"\n= multipart/mixed @49\n"
	     "part 1 of 0 @56\nA: 1\n= text/plain @62\n[]\nend 1 @62\n"
	     "part 2 of 0 @69\n= text/plain @71\n[x]\nend 2 @72\nend 0 @81\n! noHeaderEnd 1\n");
}

static void
nested(void **state)
{
	(void)state;
	/* an outer boundary ends what is inside, and one may begin like another */
	says("Content-Type: multipart/mixed; boundary=ab\n\n--ab\nContent-Type: multipart/mixed; "
	     "boundary=a\n\n"
	     "--a\n\n1\n--ab\n\n2\n--a\n--ab--\n--a--\n",
	     "part 0 of 0 @0\nContent-Type: multipart/mixed; boundary=ab\n= multipart/mixed @46\n"
	     "part 1 of 0 @52\nContent-Type: multipart/mixed; boundary=a\n= multipart/mixed @97\n"
	     "part 2 of 1 @102\n= text/plain @104\n[1]\nend 2 @105\nend 1 @105\n"
	     "part 3 of 0 @113\n= text/plain @115\n[2\n--a]\nend 3 @121\nend 0 @138\n! endBoundary 1\n");
	/* both have the same one: the inner counts, until its end */
	says(MIXED "--b\n" MIXED "--b\n\n1\n--b--\n--b\n\n2\n--b--\n",
	     "part 0 of 0 @0\nContent-Type: multipart/mixed; boundary=b\n= multipart/mixed @45\n"
	     "part 1 of 0 @50\nContent-Type: multipart/mixed; boundary=b\n= multipart/mixed @95\n"
	     "part 2 of 1 @100\n= text/plain @102\n[1]\nend 2 @103\nend 1 @110\n"
	     "part 3 of 0 @117\n= text/plain @119\n[2]\nend 3 @120\nend 0 @129\n");
	/* the end of one looks like the beginning of the other */
	says("Content-Type: multipart/mixed; boundary=\"a--\"\n\n--a--\nContent-Type: multipart/mixed; "
	     "boundary=a\n\n"
	     "--a\n\n1\n--a--\n\n--a--\n\n2\n--a----",
	     "part 0 of 0 @0\nContent-Type: multipart/mixed; boundary=\"a--\"\n= multipart/mixed @49\n"
	     "part 1 of 0 @56\nContent-Type: multipart/mixed; boundary=a\n= multipart/mixed @101\n"
	     "part 2 of 1 @106\n= text/plain @108\n[1]\nend 2 @109\nend 1 @118\n"
	     "part 3 of 0 @127\n= text/plain @129\n[2]\nend 3 @130\nend 0 @139\n");
}

static void
ends_missing(void **state)
{
	(void)state;
	says(MIXED "--b\n\nx\n",
	     "part 0 of 0 @0\nContent-Type: multipart/mixed; boundary=b\n= multipart/mixed @45\n"
	     "part 1 of 0 @50\n= text/plain @52\n[x\n]\nend 1 @55\nend 0 @55\n! endBoundary 0\n");
	says(MIXED "x\n--c",
	     "part 0 of 0 @0\nContent-Type: multipart/mixed; boundary=b\n= multipart/mixed @45\n"
	     "end 0 @51\n! boundaryMissing 0\n");
	says(MIXED "--b", "part 0 of 0 @0\nContent-Type: multipart/mixed; boundary=b\n= multipart/mixed @45\n"
	                  "part 1 of 0 @48\n= text/plain @48\n[]\nend 1 @48\nend 0 @48\n! endBoundary 0\n");
	says("Content-Type: multipart/mixed\n\n--b\n\nx",
	     "part 0 of 0 @0\nContent-Type: multipart/mixed\n"
	     "= multipart/mixed @33\n[--b\n\nx]\nend 0 @41\n! noBoundary 0\n");
}

static void
messages(void **state)
{
	(void)state;
	says("Content-Type: message/rfc822\n\nA: 1\n" MIXED "--b\n\nx",
	     "part 0 of 0 @0\nContent-Type: message/rfc822\n= message/rfc822 @32\n"
	     "part 1 of 0 @32\nA: 1\nContent-Type: multipart/mixed; boundary=b\n= multipart/mixed @83\n"
	     "part 2 of 1 @88\n= text/plain @90\n[x]\nend 2 @91\nend 1 @91\nend 0 @91\n! endBoundary 1\n");
	says("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQTog",
	     "part 0 of 0 @0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n"
	     "= message/rfc822 base64 @67\n[QTog]\nend 0 @71\n! encodedMultipart 0\n");
	says("Content-Type: message/rfc822\n\n\nx",
	     "part 0 of 0 @0\nContent-Type: message/rfc822\n= message/rfc822 @32\n"
	     "part 1 of 0 @32\n= text/plain @34\n[x]\nend 1 @35\nend 0 @35\n! noHeader 1\n");
	says("Content-Type: message/rfc822\n",
	     "part 0 of 0 @0\nContent-Type: message/rfc822\n= message/rfc822 @30\n"
	     "part 1 of 0 @30\n= text/plain @30\n[]\nend 1 @30\nend 0 @30\n! noHeader 1\n");
	says("Content-Transfer-Encoding: quoted-printable\n" MIXED "--b\n\nx\n--b--",
	     "part 0 of 0 @0\nContent-Transfer-Encoding: quoted-printable\nContent-Type: multipart/mixed; "
	     "boundary=b\n"
	     "= multipart/mixed quoted-printable @90\npart 1 of 0 @95\n= text/plain @97\n[x]\nend 1 @98\n"
	     "end 0 @105\n! encodedMultipart 0\n");
	says("Content-Type: multipart/digest; boundary=b\n\n--b\n\nA: 1\n\nx\n--b\nContent-Type: "
	     "text/plain\n\ny\n--b--",
	     "part 0 of 0 @0\nContent-Type: multipart/digest; boundary=b\n= multipart/digest @46\n"
	     "part 1 of 0 @51\n= message/rfc822 @53\npart 2 of 1 @53\nA: 1\n= text/plain @61\n[x]\nend 2 "
	     "@62\nend 1 @62\n"
	     "part 3 of 0 @69\nContent-Type: text/plain\n= text/plain @97\n[y]\nend 3 @98\nend 0 @105\n");
	says("Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nA: "
	     "1\n\nB: 2\n"
	     "--b\nContent-Type: text/rfc822-headers\n\nC: 3\n--b--",
	     "part 0 of 0 @0\nContent-Type: multipart/report; boundary=b\n= multipart/report @46\n"
	     "part 1 of 0 @51\nContent-Type: message/delivery-status\n= message/delivery-status @92\n"
	     "[A: 1\n\nB: 2]\nend 1 @104\n"
	     "part 2 of 0 @111\nContent-Type: text/rfc822-headers\n= text/rfc822-headers @148\n[C: 3]\nend 2 "
	     "@152\n"
	     "end 0 @159\n");
}

static void
line_ends(void **state)
{
	static const char lf[] = "A: b\n c\n" MIXED "--b\n\nx\n\n--b--\n";
	static const char cr[] = "A: b\rc\r\n\r\n\rx\r\r\n";
	static const char nul[] = "A: b\0c\r\n\r\nx\0\r\n";
	static const char control[] = "A: \xfc\r\nB: \x01\r\n\r\n\x01\xfc\r\n";
	static const char all_cr[] = "A: b\r\rx\r";

	(void)state;
	says_raw(
		lf, sizeof lf - 1,
		"part 0 of 0 @0\nA: b\n c\nContent-Type: multipart/mixed; boundary=b\n= multipart/mixed @51\n"
		"part 1 of 0 @55\n= text/plain @56\n[x\n]\nend 1 @58\nend 0 @65\n! bareLf 0\n");
	says_raw(cr, sizeof cr - 1,
	         "part 0 of 0 @0\nA: b\rc\n= text/plain @10\n[\rx\r\r\n]\nend 0 @15\n! bareCr 0\n");
	says_raw(nul, sizeof nul - 1, "part 0 of 0 @0\nA: b");
	assert_memory_equal(whole.text + 19,
	                    "\0c\n= text/plain @10\n[x\0\r\n]\nend 0 @14\n! headerControl 0\n! nul 0\n",
	                    whole.text_n - 19);
	says_raw(control, sizeof control - 1,
	         "part 0 of 0 @0\nA: \xfc\nB: \x01\n= text/plain @14\n[\x01\xfc\r\n]\nend 0 @18\n"
	         "! header8bit 0\n! headerControl 0\n");
	says_raw(all_cr, sizeof all_cr - 1,
	         "part 0 of 0 @0\nA: b\r\rx\r\n= text/plain @8\n[]\nend 0 @8\n! bareCr 0\n");
	/* only one line of all: each place where one may be told */
	says("A: b\n\nx\n", "part 0 of 0 @0\nA: b\n= text/plain @8\n[x\n]\nend 0 @11\n");
	events("A: b\r\n\r\nx\n", 10);
	has(EMAIL_DEFECT_BARE_LF, 0);
	events("A: b\r\n\nx\r\n", 10);
	has(EMAIL_DEFECT_BARE_LF, 0);
	events("A: b\n\r\nx\r\n", 10);
	has(EMAIL_DEFECT_BARE_LF, 0);
	events("A: b\r\n\r\nx\r", 10);
	has(EMAIL_DEFECT_BARE_CR, 0);
	has(EMAIL_DEFECT_BARE_LF, -1);
	events("Content-Type: multipart/a; boundary=b\r\n\r\n--b\n\r\n\0\r\n--b--", 55);
	has(EMAIL_DEFECT_BARE_LF, 0);
	has(EMAIL_DEFECT_NUL, 1);
}

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static void
long_lines(void **state)
{
	(void)state;
	events_of("A: b\r\n\r\n", "x", 998, "\r\n");
	has(EMAIL_DEFECT_LINE_TOO_LONG, -1);
	events_of("A: b\r\n\r\n", "x", 999, "\r\n");
	has(EMAIL_DEFECT_LINE_TOO_LONG, 0);
	events_of("A: b\r\n\r\n", "x", 999, "");
	has(EMAIL_DEFECT_LINE_TOO_LONG, 0);
	events_of("A: ", "x", 995, "\r\n\r\n");
	has(EMAIL_DEFECT_LINE_TOO_LONG, -1);
	events_of("A: ", "x", 996, "\r\n\r\n");
	has(EMAIL_DEFECT_LINE_TOO_LONG, 0);
	/* lines that go on from piece to piece, and end where they are folded */
	events_of("A: b\r\n\r\n", "xxxx\r", 200, "\r\n");
	has(EMAIL_DEFECT_LINE_TOO_LONG, 0);
	events_of("A: b", "\r\n fold", 200, "\r\n\r\nx\r\n");
	has(EMAIL_DEFECT_LINE_TOO_LONG, -1);
	/* a boundary's line is no longer than a line */
	events_of("Content-Type: multipart/a; boundary=b\r\n\r\n--b", " ", 995, "\r\n\r\nx\r\n--b--");
	assert_int_equal(whole.parts, 2);
	events_of("Content-Type: multipart/a; boundary=b\r\n\r\n--b", " ", 997, "\r\n\r\nx\r\n--b--");
	assert_int_equal(whole.parts, 1);
	has(EMAIL_DEFECT_LINE_TOO_LONG, 0);
}

static void
bounds_of_headers(void **state)
{
	char head[16];
	const char *text;
	int i;

	(void)state;
	text = events_of("A: ", "x", EMAIL__FIELD_READ_MAX - 5, "\r\nB: 1\r\n\r\nbody");
	has(EMAIL_DEFECT_HEADER_TOO_LONG, -1);
	assert_int_equal(strspn(strchr(text, 'x'), "x"), EMAIL__FIELD_READ_MAX - 5);
	text = events_of("A: ", "x", EMAIL__FIELD_READ_MAX - 4, "\r\n y\r\nB: 1\r\n\r\nbody");
	has(EMAIL_DEFECT_HEADER_TOO_LONG, 0);
	assert_non_null(strstr(text, "x\nB: 1\n= text/plain"));
	assert_non_null(strstr(text, "[body]"));
	/* over it by folds, wherever the cut comes */
	for (i = 0; i < 8; i++) {
		snprintf(head, sizeof head, "A: %.*s", i, "1234567");
		text = events_of(head, "\r\n z", EMAIL__FIELD_READ_MAX / 4, "\r\n\tend\r\nB: 1\r\n\r\nbody");
		has(EMAIL_DEFECT_HEADER_TOO_LONG, 0);
		has(EMAIL_DEFECT_BARE_CR, -1);
		assert_non_null(strstr(text, "\nB: 1\n= text/plain"));
	}
	/* no piece of a character */
	events_of("A: 1", "\xc3\xa4", EMAIL__FIELD_READ_MAX, "\r\n\r\n");
	has(EMAIL_DEFECT_HEADER_8BIT, -1);
	for (i = 0; i < 3; i++) {
		snprintf(head, sizeof head, "A: %.*s", i, "1234567");
		events_of(head, "\xe2\x82\xac", EMAIL__FIELD_READ_MAX, "\r\n\r\n");
		has(EMAIL_DEFECT_HEADER_8BIT, -1);
	}

	text = events_of("", "A: 1\r\n", EMAIL__FIELDS_READ_MAX, "\r\n");
	has(EMAIL_DEFECT_TOO_MANY_HEADERS, -1);
	assert_int_equal(count(text, "A: 1"), EMAIL__FIELDS_READ_MAX);
	text = events_of("", "A: 1\r\n", EMAIL__FIELDS_READ_MAX, "Content-Type: text/html\r\n\r\nbody");
	has(EMAIL_DEFECT_TOO_MANY_HEADERS, 0);
	assert_int_equal(count(text, "A: 1"), EMAIL__FIELDS_READ_MAX);
	assert_non_null(strstr(text, "= text/plain @6027\n[body]"));

	text = events_of("A:", "x\r\n yyyyyyyyyyyyyyyyyyyyyyyyyy\r\nA:", 10000, "x\r\n\r\nbody");
	has(EMAIL_DEFECT_TOO_MANY_HEADERS, 0);
	assert_int_equal(count(text, "A: x"), EMAIL__FIELDS_READ_MAX);
}

static void
bounds_of_bytes(void **state)
{
	char line[1002];
	const char *text;

	(void)state;
	memset(line, 'x', sizeof line);
	memcpy(line, "A: ", 3);
	memcpy(line + 990, "\r\n", 3);
	(void)events_of("", line, 264, "B: 1\r\n\r\nbody");
	has(EMAIL_DEFECT_TOO_MANY_HEADERS, -1);
	text = events_of("", line, 265, "B: 1\r\n\r\nbody");
	has(EMAIL_DEFECT_TOO_MANY_HEADERS, 0);
	assert_int_equal(count(text, "A: x"), 264);
	/* what comes is left out although it would fit */
	assert_null(strstr(text, "B: 1"));
	assert_non_null(strstr(text, "[body]"));
}

static void
bounds_of_parts(void **state)
{
	const char *text;
	char multiparts[8192], *at = multiparts;
	int i;

	(void)state;
	text = events_of("Content-Type: multipart/a; boundary=b\r\n", "\r\n--b\r\n", 1200,
	                 "\r\nx\r\n--b--\r\n");
	has(EMAIL_DEFECT_TOO_MANY_PARTS, 0);
	has(EMAIL_DEFECT_END_BOUNDARY, -1);
	assert_int_equal(count(text, "part "), EMAIL__READ_PARTS_MAX);

	text = events_of("", "Content-Type: message/rfc822\r\n\r\n", 10000, "A: 1\r\n\r\nx");
	has(EMAIL_DEFECT_TOO_DEEP, EMAIL__DEPTH_MAX);
	assert_int_equal(count(text, "part "), EMAIL__DEPTH_MAX + 1);
	assert_non_null(strstr(text, "= message/rfc822 @1056\n[318953 bytes]\nend 32"));

	text = events_of("", "Content-Type: multipart/a; boundary=b\r\n\r\n--b\r\n", 10000, "\r\nx\r\n--b--");
	has(EMAIL_DEFECT_TOO_DEEP, EMAIL__DEPTH_MAX);
	assert_int_equal(count(text, "part 32 "), 1);

	for (i = 0; i < EMAIL__DEPTH_MAX + 1; i++)
		at += snprintf(at, 100, "Content-Type: multipart/a; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
	text = events_of(multiparts, "", 0, "\r\nx\r\n--b32--\r\n--b5--\r\n--b0\r\n\r\ny\r\n--b0--");
	has(EMAIL_DEFECT_TOO_DEEP, EMAIL__DEPTH_MAX);
	has(EMAIL_DEFECT_END_BOUNDARY, 31);
	assert_int_equal(count(text, "part "), EMAIL__DEPTH_MAX + 2);
	assert_non_null(strstr(text, "[y]"));
	/* nobody is told of a message that is one part too many, but for the defect */
	text = events_of("Content-Type: multipart/a; boundary=b\r\n", "\r\n--b\r\n", 999,
	                 "Content-Type: message/rfc822\r\n\r\nA: 1\r\n--b--");
	has(EMAIL_DEFECT_TOO_MANY_PARTS, 999);
	assert_non_null(strstr(text, "[A: 1]\nend 999"));
}

/* Data comes in few calls: a run of lines is one, whatever lines that look like boundaries are in it. */
static void
few_calls(void **state)
{
	(void)state;
	events_of("Content-Type: multipart/a; boundary=b\r\n\r\n--b\r\n\r\n", "text\r\n--text\r\n", 10000,
	          "\r\n--b--");
	assert_int_equal(whole.calls, 1);
}

static double
seconds(const char *head, const char *piece, size_t size, const char *tail, size_t chunk)
{
	size_t n;
	const char *message = repeated(head, piece, size / strlen(piece), tail, &n);
	double best = 1e9;
	int i;

	for (i = 0; i < 3; i++) {
		clock_t from = clock();

		email__parse_reset(&pieces.parse);
		for (size_t at = 0; at < n; at += chunk)
			email__parse_push(&pieces.parse, message + at, n - at < chunk ? n - at : chunk);
		email__parse_end(&pieces.parse);
		from = clock() - from;
		if ((double)from / CLOCKS_PER_SEC < best)
			best = (double)from / CLOCKS_PER_SEC;
	}
	return best;
}

/* Eight times the size takes eight times as long, not 64: every hostile form, in pieces and whole. */
static void
linear(void **state)
{
	static const struct {
		const char *head, *piece, *tail;
	} forms[] = {
		{"A: b\n\n", "x", ""},
		{"A: ", "x", ""},
		{"", "x", ""},
		{"", ":", ""},
		{"", "\n", ""},
		{"", "\r", ""},
		{"From ", "x", ""},
		{"A: b\n", ">From \n", ""},
		{"A: b", "\n ", ""},
		{"A: b", "\r\n ", "\n\n"},
		{"", "A:\n", ""},
		{"", "\xc3\xa4:\n", ""},
		{"A: ", "\xc3\xa4", ""},
		{MIXED, "--\n", ""},
		{MIXED, "--b\n", ""},
		{MIXED, "\n--b\n\n", ""},
		{MIXED "--b\n\n", "--", ""},
		{MIXED "--b\n\n--b", " ", ""},
		{MIXED "--b\n\n", "\r\n-", ""},
		{MIXED "--b\n\n", "\n--b \t-\n", ""},
		{"", MIXED "--b\n", ""},
		{"", "Content-Type: message/rfc822\n\n", ""},
		{"Content-Type: ", "(", ""},
		{"Content-Type: ", "(\\", ""},
		{"Content-Type: a/b", ";boundary*0=", ""},
		{"Content-Type: a/b", ";boundary*0=\"", ""},
		{"Content-Type: a/b;boundary=", "\"", ""},
		{"Content-Type: a/b;", "=", ""},
		{"", "Content-Type: a/b;boundary=\n", ""},
	};
	static email_parser_events none;
	static const size_t chunks[] = {1 << 30, 4096, 7};
	size_t i, k;

	(void)state;
	email__parse_dispose(&pieces.parse);
	email__parse_init(&pieces.parse, &none, NULL);
	for (i = 0; i < sizeof forms / sizeof *forms; i++) {
		for (k = 0; k < 3; k++) {
			size_t size = k == 2 ? 1 << 15 : 1 << 18;
			double one = seconds(forms[i].head, forms[i].piece, size, forms[i].tail, chunks[k]);
			double eight =
				seconds(forms[i].head, forms[i].piece, 8 * size, forms[i].tail, chunks[k]);

			if (eight > 8 * 3 * one + 0.02)
				fail_msg("form %zu, pieces of %zu: %f and %f seconds", i, chunks[k], one,
				         eight);
		}
	}
}

/* An event that refuses ends it, whichever it is, and nothing more is said; then another message. */
static void
refusal(void **state)
{
	static const char message[] =
		"A: b\r\n" MIXED "--b\r\n\r\nx\r\n--b\r\nContent-Type: message/rfc822\n\nC: d";
	size_t all, i, k;

	(void)state;
	email_test_events_run(&whole, message, sizeof message - 1, 0, 0, false);
	all = whole.events;
	assert_int_equal(all, 17);
	for (i = 1; i <= all; i++) {
		for (k = 0; k < 9; k += 4) {
			whole.fail_at = i;
			email_test_events_run(&whole, message, sizeof message - 1, k, 0, true);
			assert_int_equal(whole.rc, EMAIL_E_CANCELLED);
			assert_int_equal(whole.events, i);
			assert_int_equal(email__parse_push(&whole.parse, "x", 1), EMAIL_E_CANCELLED);
			assert_int_equal(email__parse_end(&whole.parse), EMAIL_E_CANCELLED);
			assert_int_equal(whole.events, i);
		}
	}
	whole.fail_at = 0;
	email_test_events_run(&whole, message, sizeof message - 1, 0, 0, false);
	assert_int_equal(whole.rc, EMAIL_OK);
	assert_int_equal(whole.events, all);
	assert_null(whole.broken);
	assert_int_equal(email__parse_push(&whole.parse, "x", 1), EMAIL_E_USAGE);
	assert_int_equal(email__parse_end(&whole.parse), EMAIL_E_USAGE);
}

static void
no_memory(void **state)
{
	static email_parser_events none;
	static const char message[] = "Subject: hi\r\n" MIXED "--b\r\n\r\nx\r\n--b--\r\n";
	email__parse parse;
	size_t n, i;
	email_code rc;

	(void)state;
	email__parse_init(&parse, &none, NULL);
	/* whole messages take none */
	email_test_fail_alloc_from(1);
	assert_int_equal(email__parse_push(&parse, message, sizeof message - 1), EMAIL_OK);
	assert_int_equal(email__parse_end(&parse), EMAIL_OK);
	assert_int_equal(email_test_allocs(), 0);
	email_test_fail_alloc_off();
	for (n = 1;; n++) {
		email__parse_dispose(&parse);
		email__parse_init(&parse, &none, NULL);
		email_test_fail_alloc(n);
		for (i = 0, rc = EMAIL_OK; i < sizeof message - 1 && !rc; i++)
			rc = email__parse_push(&parse, message + i, 1);
		if (!email_test_alloc_failed())
			break;
		assert_int_equal(rc, EMAIL_E_MEMORY);
		assert_int_equal(email__parse_end(&parse), EMAIL_E_MEMORY);
	}
	assert_true(n > 1);
	assert_int_equal(rc, EMAIL_OK);
	email__parse_dispose(&parse);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
}

static int
set_up(void **state)
{
	(void)state;
	email_test_events_init(&whole);
	email_test_events_init(&pieces);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	email_test_events_dispose(&whole);
	email_test_events_dispose(&pieces);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plain),           TEST(begins_oddly),       TEST(begins_folded), TEST(header_lines),
		TEST(multipart),       TEST(header_without_end), TEST(nested),        TEST(ends_missing),
		TEST(messages),        TEST(line_ends),          TEST(long_lines),    TEST(bounds_of_headers),
		TEST(bounds_of_bytes), TEST(bounds_of_parts),    TEST(few_calls),     TEST(linear),
		TEST(refusal),         TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
