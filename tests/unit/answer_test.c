/* SPDX-License-Identifier: MIT */
/* The samples are written by hand, in the shapes that these programs use. */
#include "service/answer.h"

#include <stdlib.h>

#include <emailservice/emailservice.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "mime/received.h"
#include "support/cm.h"
#include "support/failalloc.h"

#define ID "4f1c0a9b7d2e4f1c8a9b7d2e4f1c0a9b"
#define MESSAGE_ID "<alarm.17@station.example.com>"

static email__sent *sent;
static email_event seen[64];
static size_t count;

static void
tell(void *context, const email_event *e)
{
	assert_ptr_equal(context, &count);
	if (count < sizeof seen / sizeof *seen)
		seen[count] = *e;
	count++;
}

static void
add(const char *account, const char *id, const char *message_id, const char *a, const char *b)
{
	email__recipient to[2] = {{.address = a}, {.address = b}};
	email__mailfile m = {.message_id = message_id, .recipients = to, .count = b ? 2 : 1};

	assert_int_equal(email__sent_add(sent, account, id, &m, 1800000000, NULL), EMAIL_OK);
}

static int
setup(void **state)
{
	(void)state;
	sent = email__sent_open(NULL, 0, NULL);
	add("Outgoing", ID, MESSAGE_ID, "Duty@example.net", "chief@example.org");
	add("Second", "00000000000000000000000000000002", "<alarm.18@station.example.com>",
	    "duty@example.net", NULL);
	return sent == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	email__sent_close(sent);
	return 0;
}

static void
match(const char *text)
{
	email_message *m = email_message_read_data(text, strlen(text), NULL);

	assert_non_null(m);
	count = 0;
	memset(seen, 0xa5, sizeof seen);
	assert_int_equal(email__answer_match(sent, m, tell, &count), EMAIL_OK);
	email_message_free(m);
}

static void
event_is(const email_event *e, email_event_kind kind, const char *recipient, const char *action,
         const char *status, const char *text)
{
	assert_int_equal(e->kind, kind);
	assert_string_equal(e->account, "Outgoing");
	assert_string_equal(e->id, ID);
	assert_string_equal(e->message_id, MESSAGE_ID);
	assert_string_equal(e->recipient, recipient);
	assert_string_equal(e->action, action);
	assert_string_equal(e->status, status);
	assert_string_equal(e->text, text);
	assert_int_equal(e->count, 1);
	assert_int_equal(e->number, 0);
	assert_int_equal(e->time, 0);
}

static void
one_delivery(const char *recipient, const char *action, const char *status, const char *text)
{
	assert_int_equal(count, 1);
	event_is(&seen[0], EMAIL_EVENT_DELIVERY, recipient, action, status, text);
}

static void
one_reply(const char *from, const char *action, const char *text)
{
	assert_int_equal(count, 1);
	event_is(&seen[0], EMAIL_EVENT_REPLY, from, action, "", text);
}

/* --- delivery reports --- */

#define POSTFIX_HEAD \
	"Return-Path: <>\r\n" \
	"Received: by mx.example.com (Postfix)\r\n\tid 4XyZ1k2Qz3; Wed, 25 Nov 2026 07:14:02 +0100 " \
	"(CET)\r\n" \
	"Date: Wed, 25 Nov 2026 07:14:02 +0100 (CET)\r\n" \
	"From: MAILER-DAEMON@mx.example.com (Mail Delivery System)\r\n" \
	"Subject: Undelivered Mail Returned to Sender\r\n" \
	"To: station@example.com\r\n" \
	"Auto-Submitted: auto-replied\r\n" \
	"MIME-Version: 1.0\r\n" \
	"Content-Type: multipart/report; " \
	"report-type=delivery-status;\r\n\tboundary=\"4XyZ1j1fp0.1795587242/mx.example.com\"\r\n" \
	"Message-Id: <4XyZ1k2Qz3@mx.example.com>\r\n\r\n" \
	"This is a MIME-encapsulated message.\r\n\r\n" \
	"--4XyZ1j1fp0.1795587242/mx.example.com\r\n" \
	"Content-Description: Notification\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n" \
	"This is the mail system at host mx.example.com.\r\n\r\n" \
	"<duty@example.net>: host mail.example.net[192.0.2.25] said: 550 5.1.1\r\n" \
	"    <duty@example.net>: Recipient address rejected: no such box\r\n\r\n" \
	"--4XyZ1j1fp0.1795587242/mx.example.com\r\n" \
	"Content-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n" \
	"Reporting-MTA: dns; mx.example.com\r\n"
#define POSTFIX_RECIPIENT \
	"X-Postfix-Queue-ID: 4XyZ1j1fp0\r\nX-Postfix-Sender: rfc822; station@example.com\r\n" \
	"Arrival-Date: Wed, 25 Nov 2026 07:14:01 +0100 (CET)\r\n\r\n" \
	"Final-Recipient: rfc822; duty@example.net\r\n" \
	"Original-Recipient: rfc822;Duty@example.net\r\n" \
	"Action: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mail.example.net\r\n" \
	"Diagnostic-Code: smtp; 550 5.1.1 <duty@example.net>: Recipient address\r\n" \
	"    rejected: no such box\r\n\r\n"
#define POSTFIX_HEADERS(id) \
	"--4XyZ1j1fp0.1795587242/mx.example.com\r\n" \
	"Content-Description: Undelivered Message Headers\r\nContent-Type: text/rfc822-headers\r\n\r\n" \
	"Return-Path: <station@example.com>\r\nFrom: Station <station@example.com>\r\nTo: " \
	"Duty@example.net\r\n" \
	"Subject: Boiler 2: flame failure\r\n" id "Date: Wed, 25 Nov 2026 07:14:00 +0100\r\n\r\n" \
	"--4XyZ1j1fp0.1795587242/mx.example.com--\r\n"
#define POSTFIX_SAYS "550 5.1.1 <duty@example.net>: Recipient address rejected: no such box"

static void
postfix(void **state)
{
	(void)state;
	match(POSTFIX_HEAD "Original-Envelope-Id: " ID
	                   "\r\n" POSTFIX_RECIPIENT POSTFIX_HEADERS("Message-ID: " MESSAGE_ID "\r\n"));
	one_delivery("Duty@example.net", "failed", "5.1.1", POSTFIX_SAYS);
	/* either alone */
	match(POSTFIX_HEAD "Original-Envelope-Id: " ID "\r\n" POSTFIX_RECIPIENT POSTFIX_HEADERS(""));
	one_delivery("Duty@example.net", "failed", "5.1.1", POSTFIX_SAYS);
	match(POSTFIX_HEAD POSTFIX_RECIPIENT POSTFIX_HEADERS("Message-ID: " MESSAGE_ID "\r\n"));
	one_delivery("Duty@example.net", "failed", "5.1.1", POSTFIX_SAYS);
	match(POSTFIX_HEAD "Original-Envelope-Id: somebody's own\r\n" POSTFIX_RECIPIENT POSTFIX_HEADERS(
		"Message-Id:\r\n " MESSAGE_ID "\r\n"));
	one_delivery("Duty@example.net", "failed", "5.1.1", POSTFIX_SAYS);
	/* neither, or of another's mail */
	match(POSTFIX_HEAD POSTFIX_RECIPIENT POSTFIX_HEADERS(""));
	assert_int_equal(count, 0);
	match(POSTFIX_HEAD "Original-Envelope-Id: " ID "0\r\n" POSTFIX_RECIPIENT POSTFIX_HEADERS(
		"Message-ID: <alarm.17@station.example.org>\r\n"));
	assert_int_equal(count, 0);
	/* where a Message-ID was used twice the envelope id knows which */
	add("Outgoing", "00000000000000000000000000000003", MESSAGE_ID, "duty@example.net", NULL);
	match(POSTFIX_HEAD "Original-Envelope-Id: " ID
	                   "\r\n" POSTFIX_RECIPIENT POSTFIX_HEADERS("Message-ID: " MESSAGE_ID "\r\n"));
	one_delivery("Duty@example.net", "failed", "5.1.1", POSTFIX_SAYS);
}

/* Postfix on a delay, which returns the header alone; and on a mail that it handed to a server without DSN. */
static void
postfix_other_actions(void **state)
{
	(void)state;
	match("Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.com (Mail Delivery System)\r\n"
	      "Subject: Delayed Mail (still being retried)\r\nTo: station@example.com\r\nAuto-Submitted: "
	      "auto-replied\r\n"
	      "Content-Type: multipart/report; report-type=delivery-status; boundary=\"q.1/mx\"\r\n\r\n"
	      "--q.1/mx\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
	      "# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\r\n\r\n"
	      "--q.1/mx\r\nContent-Type: message/delivery-status\r\n\r\n"
	      "Reporting-MTA: dns; mx.example.com\r\nOriginal-Envelope-Id: " ID "\r\n\r\n"
	      "Final-Recipient: rfc822; chief@example.org\r\nOriginal-Recipient: rfc822;chief@example.org\r\n"
	      "Action: delayed\r\nStatus: 4.4.1\r\n"
	      "Diagnostic-Code: X-Postfix; connect to mx.example.org[192.0.2.9]:25: Connection\r\n    timed "
	      "out\r\n"
	      "Will-Retry-Until: Mon, 30 Nov 2026 07:14:01 +0100 (CET)\r\n\r\n"
	      "--q.1/mx\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: " MESSAGE_ID
	      "\r\n\r\n--q.1/mx--\r\n");
	one_delivery("chief@example.org", "delayed", "4.4.1",
	             "connect to mx.example.org[192.0.2.9]:25: Connection timed out");
	match("Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.com (Mail Delivery System)\r\n"
	      "Subject: Successful Mail Delivery Report\r\nTo: station@example.com\r\nAuto-Submitted: "
	      "auto-replied\r\n"
	      "Content-Type: multipart/report; report-type=delivery-status; boundary=\"q.2/mx\"\r\n\r\n"
	      "--q.2/mx\r\n\r\nYour message was successfully delivered to the destination(s) listed "
	      "below.\r\n\r\n"
	      "--q.2/mx\r\nContent-Type: message/delivery-status\r\n\r\n"
	      "Reporting-MTA: dns; mx.example.com\r\nOriginal-Envelope-Id: " ID "\r\n\r\n"
	      "Final-Recipient: rfc822; chief@example.org\r\nAction: relayed\r\nStatus: 2.0.0\r\n"
	      "Remote-MTA: dns; mx.example.org\r\nDiagnostic-Code: smtp; 250 2.0.0 Ok: queued as "
	      "4XyZ3\r\n\r\n"
	      "Final-Recipient: rfc822; duty@example.net\r\nAction: delivered\r\nStatus: 2.0.0\r\n"
	      "Diagnostic-Code: x-unix; delivered to mailbox\r\n\r\n--q.2/mx--\r\n");
	assert_int_equal(count, 2);
	event_is(&seen[0], EMAIL_EVENT_DELIVERY, "chief@example.org", "relayed", "2.0.0",
	         "250 2.0.0 Ok: queued as 4XyZ3");
	event_is(&seen[1], EMAIL_EVENT_DELIVERY, "Duty@example.net", "delivered", "2.0.0",
	         "delivered to mailbox");
}

static void
exim(void **state)
{
	(void)state;
	match("Return-path: <>\nEnvelope-to: station@example.com\n"
	      "X-Failed-Recipients: duty@example.net\nAuto-Submitted: auto-replied\n"
	      "From: Mail Delivery System <Mailer-Daemon@relay.example.com>\nTo: station@example.com\n"
	      "References: " MESSAGE_ID "\n"
	      "Content-Type: multipart/report; report-type=delivery-status; "
	      "boundary=1795587242-eximdsn-804289383\n"
	      "MIME-Version: 1.0\nSubject: Mail delivery failed: returning message to sender\n"
	      "Message-Id: <E1vNo9u-0003sY-1B@relay.example.com>\n\n"
	      "--1795587242-eximdsn-804289383\nContent-type: text/plain; charset=us-ascii\n\n"
	      "This message was created automatically by mail delivery software.\n\n"
	      "A message that you sent could not be delivered to one or more of its\nrecipients. This is a "
	      "permanent error. "
	      "The following address(es) failed:\n\n  duty@example.net\n    host mail.example.net "
	      "[192.0.2.25]\n"
	      "    SMTP error from remote mail server after RCPT TO:<duty@example.net>:\n    550 5.7.1 not "
	      "from there\n\n"
	      "--1795587242-eximdsn-804289383\nContent-type: message/delivery-status\n\n"
	      "Reporting-MTA: dns; relay.example.com\n\n"
	      "Action: failed\nFinal-Recipient: rfc822;duty@example.net\nStatus: 5.0.0\n"
	      "Remote-MTA: dns; mail.example.net\nDiagnostic-Code: smtp; 550 5.7.1 not from there\n\n"
	      "--1795587242-eximdsn-804289383\nContent-type: message/rfc822\n\n"
	      "Return-path: <station@example.com>\nFrom: station@example.com\nMessage-ID: " MESSAGE_ID
	      "\n\nbody\n\n"
	      "--1795587242-eximdsn-804289383--\n");
	one_delivery("Duty@example.net", "failed", "5.0.0", "550 5.7.1 not from there");
	/* before 4.83, and where it is configured so: text alone */
	match("Return-path: <>\nX-Failed-Recipients: duty@example.net\nAuto-Submitted: auto-replied\n"
	      "From: Mail Delivery System <Mailer-Daemon@relay.example.com>\nTo: station@example.com\n"
	      "Subject: Mail delivery failed: returning message to sender\n\n"
	      "This message was created automatically by mail delivery software.\n\n"
	      "The following address(es) failed:\n\n  duty@example.net\n    Unrouteable address\n\n"
	      "------ This is a copy of the message, including all the headers. ------\n\n"
	      "Return-path: <station@example.com>\nMessage-ID: " MESSAGE_ID "\n\nbody\n");
	one_delivery("Duty@example.net", "failed", "", "Unrouteable address");
}

static void
sendmail(void **state)
{
	(void)state;
	match("Return-Path: <MAILER-DAEMON>\nDate: Wed, 25 Nov 2026 07:14:02 +0100\n"
	      "From: Mail Delivery Subsystem <MAILER-DAEMON>\nMessage-Id: "
	      "<202611250614.7AP6E2aB001234@gw.example.com>\n"
	      "To: <station@example.com>\nMIME-Version: 1.0\n"
	      "Content-Type: multipart/report; "
	      "report-type=delivery-status;\n\tboundary=\"7AP6E2aB001234.1795587242/gw\"\n"
	      "Subject: Returned mail: see transcript for details\nAuto-Submitted: auto-generated "
	      "(failure)\n\n"
	      "This is a MIME-encapsulated message\n\n--7AP6E2aB001234.1795587242/gw\n\n"
	      "   ----- The following addresses had permanent fatal errors -----\n<duty@example.net>\n"
	      "    (reason: 550 5.1.1 <duty@example.net>... User unknown)\n\n--7AP6E2aB001234.1795587242/gw\n"
	      "Content-Type: message/delivery-status\n\n"
	      "Reporting-MTA: dns; gw.example.com\nOriginal-Envelope-Id: " ID "\n"
	      "Received-From-MTA: DNS; station.example.com\nArrival-Date: Wed, 25 Nov 2026 07:14:01 +0100\n\n"
	      "Original-Recipient: rfc822;Duty@example.net\nFinal-Recipient: RFC822; duty@example.net\n"
	      "Action: failed\nStatus: 5.1.1\nRemote-MTA: DNS; mail.example.net\n"
	      "Diagnostic-Code: SMTP; 550 5.1.1 <duty@example.net>... User unknown\n"
	      "Last-Attempt-Date: Wed, 25 Nov 2026 07:14:02 +0100\n\n--7AP6E2aB001234.1795587242/gw\n"
	      "Content-Type: text/rfc822-headers\n\nReturn-Path: "
	      "<station@example.com>\nMessage-ID: " MESSAGE_ID "\n\n"
	      "--7AP6E2aB001234.1795587242/gw--\n");
	one_delivery("Duty@example.net", "failed", "5.1.1", "550 5.1.1 <duty@example.net>... User unknown");
}

static void
qmail(void **state)
{
	(void)state;
	match("Return-Path: <>\nReceived: (qmail 4711 invoked for bounce); 25 Nov 2026 06:14:02 -0000\n"
	      "Date: 25 Nov 2026 06:14:02 -0000\nFrom: MAILER-DAEMON@mx.example.com\nTo: "
	      "station@example.com\n"
	      "Subject: failure notice\n\n"
	      "Hi. This is the qmail-send program at mx.example.com.\n"
	      "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
	      "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
	      "<duty@example.net>:\n192.0.2.25 does not like recipient.\n"
	      "Remote host said: 550 5.1.1 no such box\nGiving up on 192.0.2.25.\n\n"
	      "<chief@example.org>:\nSorry, I couldn't find any host named example.org. (#5.1.2)\n\n"
	      "--- Below this line is a copy of the message.\n\n"
	      "Return-Path: <station@example.com>\nFrom: station@example.com\nMessage-ID: " MESSAGE_ID
	      "\n\nbody\n");
	assert_int_equal(count, 2);
	event_is(&seen[0], EMAIL_EVENT_DELIVERY, "Duty@example.net", "failed", "5.1.1",
	         "192.0.2.25 does not like recipient. Remote host said: 550 5.1.1 no such box Giving up on "
	         "192.0.2.25.");
	event_is(&seen[1], EMAIL_EVENT_DELIVERY, "chief@example.org", "failed", "5.1.2",
	         "Sorry, I couldn't find any host named example.org. (#5.1.2)");
}

#define EXCHANGE(thread, returned) \
	"Return-Path: <>\r\nFrom: Microsoft " \
	"Outlook\r\n\t<MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.net>\r\n" \
	"To: <station@example.com>\r\nDate: Wed, 25 Nov 2026 06:14:05 +0000\r\nMIME-Version: 1.0\r\n" \
	"Content-Type: multipart/report; report-type=delivery-status;\r\n" \
	"\tboundary=\"d7f1a0c2-5e11-4b7c-9d8e-0a1b2c3d4e5f\"\r\nX-MS-Exchange-Message-Is-Ndr:\r\n" \
	"Content-Language: en-US\r\nMessage-ID: " \
	"<5b2f9c31-5c3e-4a1d-8f0b-1a2b3c4d5e6f@AM0EX01.prod.example>\r\n" thread \
	"Subject: Undeliverable: Boiler 2: flame failure\r\nAuto-Submitted: auto-replied\r\n\r\n" \
	"--d7f1a0c2-5e11-4b7c-9d8e-0a1b2c3d4e5f\r\nContent-Type: multipart/alternative; " \
	"differences=Content-Type;\r\n" \
	"\tboundary=\"0f9e8d7c-alt\"\r\n\r\n--0f9e8d7c-alt\r\nContent-Type: text/plain; " \
	"charset=\"us-ascii\"\r\n" \
	"Content-Transfer-Encoding: quoted-printable\r\n\r\n" \
	"Your message to Duty@example.net couldn't be delivered.=\r\n\r\n" \
	"--0f9e8d7c-alt\r\nContent-Type: text/html; " \
	"charset=\"us-ascii\"\r\n\r\n<html><body>no</body></html>\r\n" \
	"--0f9e8d7c-alt--\r\n\r\n--d7f1a0c2-5e11-4b7c-9d8e-0a1b2c3d4e5f\r\nContent-Type: " \
	"message/delivery-status\r\n\r\n" \
	"Reporting-MTA: dns;AM0EX01.prod.example\r\nReceived-From-MTA: dns;station.example.com\r\n" \
	"Arrival-Date: Wed, 25 Nov 2026 06:14:03 +0000\r\n\r\n" \
	"Original-Recipient: rfc822;Duty@example.net\r\nFinal-Recipient: rfc822;Duty@example.net\r\n" \
	"Action: failed\r\nStatus: 5.1.10\r\n" \
	"Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found\r\n" \
	"X-Display-Name: Duty@example.net\r\n\r\n--d7f1a0c2-5e11-4b7c-9d8e-0a1b2c3d4e5f\r\n" returned \
	"--d7f1a0c2-5e11-4b7c-9d8e-0a1b2c3d4e5f--\r\n"
#define EXCHANGE_SAYS "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"

/* Exchange, and Microsoft 365. */
static void
exchange(void **state)
{
	(void)state;
	match(EXCHANGE(
		"In-Reply-To: " MESSAGE_ID "\r\nReferences: " MESSAGE_ID "\r\n",
		"Content-Type: message/rfc822\r\n\r\nReceived: from station.example.com (198.51.100.7)\r\n"
		"From: <station@example.com>\r\nTo: <Duty@example.net>\r\nMessage-ID: " MESSAGE_ID
		"\r\n\r\n"));
	one_delivery("Duty@example.net", "failed", "5.1.10", EXCHANGE_SAYS);
	/* what it returns has another id by then, and what it answers too: the thread knows */
	match(EXCHANGE("In-Reply-To: <new@AM0EX01.prod.example>\r\nReferences: " MESSAGE_ID
	               "\r\n <new@AM0EX01.prod.example>\r\n",
	               "Content-Type: text/rfc822-headers\r\n\r\nFrom: <station@example.com>\r\n"
	               "Message-ID: <new@AM0EX01.prod.example>\r\n\r\n"));
	one_delivery("Duty@example.net", "failed", "5.1.10", EXCHANGE_SAYS);
	/* nothing came back at all */
	match(EXCHANGE("In-Reply-To: " MESSAGE_ID "\r\n", "Content-Type: text/plain\r\n\r\n"));
	one_delivery("Duty@example.net", "failed", "5.1.10", EXCHANGE_SAYS);
}

static void
gmail(void **state)
{
	(void)state;
	match("Return-Path: <>\r\nContent-Type: multipart/report; boundary=\"000000000000b1946ac9\"; "
	      "report-type=delivery-status\r\nTo: station@example.com\r\n"
	      "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\r\nAuto-Submitted: "
	      "auto-replied\r\n"
	      "Subject: Delivery Status Notification (Failure)\r\nReferences: " MESSAGE_ID
	      "\r\nIn-Reply-To: " MESSAGE_ID "\r\n"
	      "X-Failed-Recipients: duty@example.net\r\nMessage-ID: <69254a2a.bounce@mx.google.com>\r\n\r\n"
	      "--000000000000b1946ac9\r\nContent-Type: multipart/related; "
	      "boundary=\"000000000000b19d1a\"\r\n\r\n"
	      "--000000000000b19d1a\r\nContent-Type: multipart/alternative; "
	      "boundary=\"000000000000b19d1e\"\r\n\r\n"
	      "--000000000000b19d1e\r\nContent-Type: text/plain; charset=\"UTF-8\"\r\n\r\n"
	      "** Address not found **\r\n\r\nYour message wasn't delivered to duty@example.net\r\n\r\n"
	      "--000000000000b19d1e\r\nContent-Type: text/html; charset=\"UTF-8\"\r\n\r\n<html></html>\r\n"
	      "--000000000000b19d1e--\r\n\r\n--000000000000b19d1a--\r\n\r\n"
	      "--000000000000b1946ac9\r\nContent-Type: message/delivery-status\r\n\r\n"
	      "Reporting-MTA: dns; googlemail.com\r\nReceived-From-MTA: dns; station@example.com\r\n"
	      "Arrival-Date: Tue, 24 Nov 2026 22:14:02 -0800 (PST)\r\nX-Original-Message-ID: " MESSAGE_ID
	      "\r\n\r\n"
	      "Final-Recipient: rfc822; duty@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n"
	      "Remote-MTA: dns; mail.example.net. (192.0.2.25, the server for the domain\r\n "
	      "example.net.)\r\n"
	      "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not\r\n"
	      " 550-5.1.1 exist. Please try double-checking\r\n"
	      "Last-Attempt-Date: Tue, 24 Nov 2026 22:14:03 -0800 (PST)\r\n\r\n"
	      "--000000000000b1946ac9\r\nContent-Type: message/rfc822\r\n\r\n"
	      "From: station@example.com\r\nTo: Duty@example.net\r\nMessage-ID: " MESSAGE_ID "\r\n\r\n"
	      "----- Message truncated -----\r\n\r\n--000000000000b1946ac9--\r\n");
	one_delivery("Duty@example.net", "failed", "5.1.1",
	             "550-5.1.1 The email account that you tried to reach does not 550-5.1.1 exist. Please "
	             "try double-checking");
}

/* The mail went to duty@, which is an alias of somebody else's: what is told is whom it was sent to. */
static void
forwarded(void **state)
{
#define FORWARDED(original) \
	"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.net\r\nSubject: Undelivered Mail\r\n" \
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nno\r\n" \
	"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n" \
	"Original-Envelope-Id: " ID "\r\n\r\n" original \
	"Final-Recipient: rfc822; joe@mobile.example\r\nAction: failed\r\nStatus: 5.2.2\r\n" \
	"Diagnostic-Code: smtp; 552 5.2.2 mailbox full\r\n--b--\r\n"
	(void)state;
	match(FORWARDED("Original-Recipient: rfc822;duty@EXAMPLE.NET\r\n"));
	one_delivery("Duty@example.net", "failed", "5.2.2", "joe@mobile.example: 552 5.2.2 mailbox full");
	match(FORWARDED(""));
	one_delivery("joe@mobile.example", "failed", "5.2.2", "552 5.2.2 mailbox full");
	match(FORWARDED("Original-Recipient: rfc822;someone@example.net\r\n"));
	one_delivery("joe@mobile.example", "failed", "5.2.2", "552 5.2.2 mailbox full");
}

/* Words that nobody understands, but the mail came back in it. */
static void
in_other_words(void **state)
{
	static const char text[] =
		"Return-Path: <>\r\nFrom: postmaster@mail.example.cn\r\nTo: station@example.com\r\n"
		"Subject: =?utf-8?B?6YCA5L+h?= mail returned\r\n"
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
		"--b\r\nContent-Type: text/html\r\n\r\n<p>It did not work.</p>\r\n"
		"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: station@example.com\r\nMessage-ID: "
		"<alarm.%d@station.example.com>"
		"\r\n\r\nbody\r\n--b--\r\n";
	char message[1024];

	(void)state;
	snprintf(message, sizeof message, text, 17);
	match(message);
	one_delivery("", "", "", "\xE9\x80\x80\xE4\xBF\xA1 mail returned");
	/* there is but one whom it can be about */
	snprintf(message, sizeof message, text, 18);
	match(message);
	assert_int_equal(count, 1);
	assert_string_equal(seen[0].account, "Second");
	assert_string_equal(seen[0].recipient, "duty@example.net");
	snprintf(message, sizeof message, text, 19);
	match(message);
	assert_int_equal(count, 0);
}

/* --- answers --- */

static void
people(void **state)
{
	(void)state;
	/* Outlook */
	match("From: \"Keller, Ines\" <Ines.Keller@example.net>\r\nTo: Station <station@example.com>\r\n"
	      "Subject: AW: Boiler 2: flame failure\r\nThread-Topic: Boiler 2: flame failure\r\n"
	      "Thread-Index: AQHcXd0u1k\r\nDate: Wed, 25 Nov 2026 06:20:11 +0000\r\n"
	      "Message-ID: <AM0P1@AM0P1.eurprd1.prod.example>\r\nReferences: " MESSAGE_ID
	      "\r\nIn-Reply-To: " MESSAGE_ID "\r\n"
	      "X-MS-Has-Attach:\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=\"utf-8\"\r\n\r\n"
	      "On my way.\r\n\r\nVon: Station\r\nBetreff: Boiler 2: flame failure\r\n");
	one_reply("Ines.Keller@example.net", "", "AW: Boiler 2: flame failure");
	/* the answer to an answer, as Gmail writes it: its own thread names ours */
	match("MIME-Version: 1.0\r\nReferences: " MESSAGE_ID " <AM0P1@AM0P1.eurprd1.prod.example>\r\n"
	      "In-Reply-To: <AM0P1@AM0P1.eurprd1.prod.example>\r\nFrom: Joe <joe@mobile.example>\r\n"
	      "Date: Wed, 25 Nov 2026 07:30:00 +0100\r\nMessage-ID: <CAF1@mail.example>\r\n"
	      "Subject: Re: Boiler 2: flame failure\r\nTo: station@example.com\r\nContent-Type: "
	      "text/plain\r\n\r\nthanks\r\n");
	one_reply("joe@mobile.example", "", "Re: Boiler 2: flame failure");
	/* of a thread with two of ours the newer one */
	match("From: joe@mobile.example\r\nReferences: <alarm.18@station.example.com>\r\n\t" MESSAGE_ID "\r\n"
	      "Subject: Re: Boiler 2\r\n\r\nok\r\n");
	one_reply("joe@mobile.example", "", "Re: Boiler 2");
	/* a person's quotation of a header, or a mail with ours in it, is no answer */
	match("From: joe@mobile.example\r\nSubject: look at this\r\n\r\n> Message-ID: " MESSAGE_ID "\r\n");
	assert_int_equal(count, 0);
	match("From: joe@mobile.example\r\nSubject: Fwd: x\r\nContent-Type: multipart/mixed; "
	      "boundary=b\r\n\r\n"
	      "--b\r\n\r\nsee\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: " MESSAGE_ID
	      "\r\n\r\nx\r\n--b--\r\n");
	assert_int_equal(count, 0);
	match("From: joe@mobile.example\r\nIn-Reply-To: <other@example.net>\r\nSubject: Re: x\r\n\r\nok\r\n");
	assert_int_equal(count, 0);
	match("");
	assert_int_equal(count, 0);
}

static void
programs(void **state)
{
	(void)state;
	/* Exchange's out of office */
	match("From: \"Keller, Ines\" <Ines.Keller@example.net>\r\nTo: Station <station@example.com>\r\n"
	      "Subject: Automatische Antwort: Boiler 2: flame failure\r\nX-Auto-Response-Suppress: All\r\n"
	      "Auto-Submitted: auto-generated\r\nIn-Reply-To: " MESSAGE_ID "\r\nReferences: " MESSAGE_ID
	      "\r\n"
	      "Content-Type: text/plain\r\n\r\nI am away until Monday.\r\n");
	one_reply("Ines.Keller@example.net", "auto", "Automatische Antwort: Boiler 2: flame failure");
	/* Sieve's vacation (RFC 5230 5.8) */
	match("Return-Path: <>\r\nX-Sieve: Pigeonhole Sieve 0.5.19\r\nFrom: <duty@example.net>\r\nTo: "
	      "<station@example.com>\r\n"
	      "Subject: Auto: Boiler 2\r\nIn-Reply-To: " MESSAGE_ID "\r\nReferences: " MESSAGE_ID "\r\n"
	      "Auto-Submitted: auto-replied (vacation)\r\nPrecedence: bulk\r\nX-Auto-Response-Suppress: "
	      "All\r\n\r\naway\r\n");
	one_reply("duty@example.net", "auto", "Auto: Boiler 2");
	/* a receipt (RFC 8098) that names it in its own field alone */
	match("From: duty@example.net\r\nTo: station@example.com\r\nSubject: Read: Boiler 2\r\n"
	      "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n"
	      "--b\r\n\r\nIt was shown.\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
	      "Reporting-UA: example; 1\r\nFinal-Recipient: "
	      "rfc822;duty@example.net\r\nOriginal-Message-ID: " MESSAGE_ID "\r\n"
	      "Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n");
	one_reply("duty@example.net", "auto", "Read: Boiler 2");
}

/* The mailbox gets a copy of what goes out, and that goes on with a thread of ours. */
static void
own_mail(void **state)
{
	(void)state;
	match("From: station@example.com\r\nMessage-ID: "
	      "<alarm.18@station.example.com>\r\nReferences: " MESSAGE_ID "\r\n"
	      "In-Reply-To: " MESSAGE_ID "\r\nSubject: Boiler 2: normal again\r\n\r\nok\r\n");
	assert_int_equal(count, 0);
}

/* --- what somebody makes up --- */

static void
flood(void **state)
{
	char *text = malloc(1000000);
	size_t n, i, most = 2 + EMAIL__ANSWER_STRANGERS_MAX;

	(void)state;
	assert_non_null(text);
	n = (size_t)sprintf(text,
	                    "From: MAILER-DAEMON@x\nContent-Type: multipart/report; boundary=b\n\n--b\n"
	                    "Content-Type: message/delivery-status\n\nOriginal-Envelope-Id: " ID "\n\n");
	for (i = 0; i < 10000; i++)
		n += (size_t)sprintf(text + n,
		                     "Final-Recipient: rfc822; %zu@x\nAction: failed\nStatus: 5.1.1\n\n", i);
	sprintf(text + n, "--b--\n");
	match(text);
	assert_int_equal(count, most);
	assert_int_equal(seen[most - 2].count, 1);
	assert_string_equal(seen[most - 1].recipient, "17@x");
	/* a report has no more recipients than a mail may have */
	assert_int_equal(seen[most - 1].count, EMAIL__RECIPIENTS_MAX - most + 1);
	free(text);
}

/* Long texts are cut, on a character's border; what a terminal would obey is not in them. */
static void
hostile_texts(void **state)
{
	char *text = malloc(40000), *p = text;
	size_t i;

	(void)state;
	assert_non_null(text);
	p += sprintf(
		p,
		"From: MAILER-DAEMON@x\nContent-Type: multipart/report; boundary=b\nIn-Reply-To: " MESSAGE_ID
		"\n\n--b\n"
		"Content-Type: message/delivery-status\n\nX: y\n\nFinal-Recipient: rfc822; "
		"\x1b[2J\xe2\x80\xae");
	for (i = 0; i < 3000; i++)
		p += sprintf(p, "\xe2\x82\xac");
	p += sprintf(p, "\nAction: ");
	for (i = 0; i < 3000; i++)
		p += sprintf(p, "a");
	p += sprintf(p, "\nStatus: 5.123.456\nDiagnostic-Code: smtp; \x07\xff\xc2\x9b");
	for (i = 0; i < 3000; i++)
		p += sprintf(p, "\xe2\x82\xac");
	sprintf(p, "\n--b--\n");
	match(text);
	free(text);
	assert_int_equal(count, 1);
	assert_string_equal(seen[0].id, ID);
	assert_string_equal(seen[0].status, "5.123.456");
	assert_int_equal(strlen(seen[0].action), sizeof seen[0].action - 1);
	assert_true(strlen(seen[0].recipient) >= sizeof seen[0].recipient - 3);
	assert_true(strlen(seen[0].text) >= sizeof seen[0].text - 3);
	assert_true(email__utf8_valid(seen[0].recipient, strlen(seen[0].recipient)));
	assert_true(email__utf8_valid(seen[0].text, strlen(seen[0].text)));
	for (i = 0; seen[0].text[i]; i++)
		assert_true((unsigned char)seen[0].text[i] >= ' ' && seen[0].text[i] != 0x7f);
	assert_null(strstr(seen[0].recipient, "\xe2\x80\xae"));
	assert_null(strchr(seen[0].recipient, '\x1b'));
}

/* Nothing was sent: a message is not even read. */
static void
nothing_sent(void **state)
{
	email__sent *none = email__sent_open(NULL, 0, NULL);
	static const char text[] = "In-Reply-To: " MESSAGE_ID "\r\n\r\n";
	const email__reader reader = {.bytes = text, .size = sizeof text - 1};
	email_message *m = email_message_new();

	(void)state;
	assert_non_null(m);
	count = 0;
	email__message_receive(m, &reader);
	email_test_fail_alloc_from(1);
	assert_int_equal(email__answer_match(none, m, tell, &count), EMAIL_OK);
	assert_int_equal(email_test_allocs(), 0);
	email_test_fail_alloc_off();
	assert_int_equal(count, 0);
	email_message_free(m);
	email__sent_close(none);
}

/* All is told, or nothing and why. */
static void
want_of_memory(void **state)
{
	static const char *const texts[] = {
		POSTFIX_HEAD "Original-Envelope-Id: " ID
			     "\r\n" POSTFIX_RECIPIENT POSTFIX_HEADERS("Message-ID: " MESSAGE_ID "\r\n"),
		"From: Joe <joe@mobile.example>\r\nIn-Reply-To: " MESSAGE_ID
		"\r\nAuto-Submitted: auto-replied\r\n"
		"Subject: =?utf-8?Q?away?=\r\n\r\ntext\r\n",
	};
	size_t i, n, fine = 0;
	bool more;

	(void)state;
	for (i = 0; i < 2; i++)
		for (n = 1, more = true; more; n++) {
			email_message *m;
			email_code rc;

			email_test_fail_alloc(n);
			m = email_message_read_data(texts[i], strlen(texts[i]), NULL);
			count = 0;
			rc = m ? email__answer_match(sent, m, tell, &count) : EMAIL_E_MEMORY;
			more = email_test_alloc_failed();
			assert_int_equal(rc, more ? EMAIL_E_MEMORY : EMAIL_OK);
			assert_int_equal(count, rc ? 0 : 1);
			email_message_free(m);
			assert_int_equal(email_test_blocks(), 0);
			email_test_fail_alloc_off();
			fine += rc == EMAIL_OK;
		}
	assert_int_equal(fine, 2);
}

#define with_sent(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_sent(postfix),        with_sent(postfix_other_actions),
		with_sent(exim),           with_sent(sendmail),
		with_sent(qmail),          with_sent(exchange),
		with_sent(gmail),          with_sent(forwarded),
		with_sent(in_other_words), with_sent(people),
		with_sent(programs),       with_sent(own_mail),
		with_sent(flood),          with_sent(hostile_texts),
		with_sent(nothing_sent),   with_sent(want_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
