/* SPDX-License-Identifier: MIT */
/*
 * Every maximum of the library, with its reason. Nothing that comes from outside (a server, a message,
 * a sheet, a file) may make the library hold more than one of these allows.
 */
#ifndef EMAIL__BASE_LIMITS_H
#define EMAIL__BASE_LIMITS_H

#include <stdint.h>

/* SMTP. RFC 5321 4.5.3.1.5 says 512 for a reply line; real servers go over it with long texts. */
#define EMAIL__SMTP_LINE_MAX 2048
/* Lines in one reply: the longest EHLO answers have some thirty. */
#define EMAIL__SMTP_REPLY_LINES_MAX 100
/* AUTH with its initial response: RFC 4954 4 has it keep to RFC 5321 4.5.3.1.4, and Postfix cuts what is over 2048. Other
 * commands are longer by what SMTPUTF8 and DSN add; a response to a challenge is none, and as long as it needs to be. */
#define EMAIL__SMTP_AUTH_MAX 512
/* Recipients of one message (RFC 5321 4.5.3.1.8 asks servers to take 100 at least). */
#define EMAIL__RECIPIENTS_MAX 1000
/* Replies that may be outstanding while sending in one flight. */
#define EMAIL__SMTP_WINDOW 64

/* POP3. A line: RFC 2449 4 says 512 for a status line; a UID and its number are below 100, but texts go over it. */
#define EMAIL__POP3_LINE_MAX 2048
/* A command line (RFC 2449 4), but for a response to a challenge. */
#define EMAIL__POP3_COMMAND_MAX 255
/* Lines of a CAPA answer: the longest known has some fifteen. */
#define EMAIL__POP3_CAPABILITIES_MAX 200
/* Replies that may be outstanding: at half of it the window is filled again, with RETR and DELE for 16 messages. */
#define EMAIL__POP3_WINDOW 64
/* Messages of one mailbox: 4 bytes each while it is listed. */
#define EMAIL__POP3_MESSAGES_MAX 500000
/* What is read in one go: messages come in pieces of it, one full TLS record. */
#define EMAIL__POP3_IN_MAX 16384

/* IMAP. A response without the bodies that stream out of it, its small literals counted: a BODYSTRUCTURE of some
 * hundred parts, or the result of a SEARCH over EMAIL__IMAP_WINDOW messages. */
#define EMAIL__IMAP_LINE_MAX (64 * 1024)
/* Lists within lists: a BODYSTRUCTURE has two levels a part, and EMAIL__DEPTH_MAX parts lie within each other. */
#define EMAIL__IMAP_DEPTH_MAX 64
/* A command line: RFC 7162 4 says about 8192; servers take at least that. */
#define EMAIL__IMAP_COMMAND_MAX 8000
/* LOGIN with its two strings, quoted or as literals: longer passwords go by a mechanism. */
#define EMAIL__IMAP_LOGIN_MAX (12288 + 64)
/* A folder's name as it goes over the wire; file systems of servers end at 255 for each level. */
#define EMAIL__IMAP_FOLDER_MAX 1024
/* Messages searched at a time: their UIDs fit into EMAIL__IMAP_LINE_MAX, ten digits and a space each. */
#define EMAIL__IMAP_WINDOW 4000
/* Messages of one folder: those that are not read are searched for in 250 windows. */
#define EMAIL__IMAP_MESSAGES_MAX 1000000
/* Untagged responses before the next tagged one, besides two for each message of the folder (its list, and changes by
 * other clients): Dovecot says "still searching" now and then, which keeps the deadline; a flood would keep it too. */
#define EMAIL__IMAP_UNTAGGED_MAX 10000
/* Messages fetched by one batch, and messages whose fate is on its way to the server. */
#define EMAIL__IMAP_BATCH_MAX 512
/* Commands that may be outstanding. */
#define EMAIL__IMAP_COMMANDS 32
/* Messages whose structure is looked at at a time, and what is kept of it. */
#define EMAIL__IMAP_PLANS 16
#define EMAIL__IMAP_PLANS_MAX (256 * 1024)
/* Sections fetched of one message without its attachments. */
#define EMAIL__IMAP_SECTIONS_MAX 1000

/* SASL. Challenges of one login: the longest mechanism known needs 4. One of them, decoded: an error of OAuth in
 * JSON has some hundred bytes. A user name: four times what RFC 5321 4.5.3.1.3 and RFC 4616 2 give it. A response: the
 * longest token, and names and words beside it, "," and "=" of the user's spelled in three bytes (RFC 5801 4). */
#define EMAIL__SASL_CHALLENGES_MAX 8
#define EMAIL__SASL_CHALLENGE_MAX 2048
#define EMAIL__SASL_USER_MAX 1024
#define EMAIL__SASL_RESPONSE_MAX (EMAIL__SECRET_MAX + 4096)

/* HTTP, for tokens. A request: a secret or token of EMAIL__SECRET_MAX with each byte as %XX, and its head. */
#define EMAIL__HTTP_REQUEST_MAX (64 * 1024)
/* What comes back: a token of 16 kB, a refresh token, an identity; metadata documents have 2 to 8 kB. */
#define EMAIL__HTTP_BODY_MAX (64 * 1024)
/* A line of the head (content security policies and cookies are long), all of it, and its fields. */
#define EMAIL__HTTP_LINE_MAX 8192
#define EMAIL__HTTP_HEAD_MAX 32768
#define EMAIL__HTTP_FIELDS_MAX 100
/* The line of a chunk's size, with extensions that nobody uses (RFC 9112 7.1.1). */
#define EMAIL__HTTP_CHUNK_LINE_MAX 256
/* Answers before the answer (RFC 9110 15.2). */
#define EMAIL__HTTP_INTERIM_MAX 8
/* Retry-After beyond this is not believed: a day. */
#define EMAIL__HTTP_RETRY_MAX 86400
/* A URL: RFC 9110 4.1 asks for 8000; those of token endpoints are below 200. */
#define EMAIL__URL_MAX 2048
/* JSON: nesting of objects and arrays. Token answers have 1, metadata documents 3. */
#define EMAIL__JSON_DEPTH_MAX 8
/* Seconds that a token is believed to live: a day. Microsoft's longest have 28 hours, all others one or a few. */
#define EMAIL__TOKEN_LIFE_MAX 86400
/* Device authorization (RFC 8628 3.2): a code's life, and the time between two questions; 5 is the RFC's own. */
#define EMAIL__DEVICE_LIFE_MAX 3600
#define EMAIL__DEVICE_INTERVAL 5
#define EMAIL__DEVICE_INTERVAL_MAX 300
/* The claims of a JSON web token of ours: five names and texts of a sheet. */
#define EMAIL__JWT_CLAIMS_MAX 8192
/* Values of one document that are secrets: access_token, refresh_token, id_token, device_code. */
#define EMAIL__JSON_SECRETS_MAX 8

/* Plain text that an engine holds towards the server: one full TLS record (RFC 8446 5.1). */
#define EMAIL__LINK_OUT_MAX 16384
/* While a login is in it: the longest response in base64, and its line end. */
#define EMAIL__LINK_LOGIN_MAX ((EMAIL__SASL_RESPONSE_MAX + 2) / 3 * 4 + 2)
/* What is read in one go, and more than the longest line. */
#define EMAIL__LINK_IN_MAX 4096

/* Addresses: RFC 5321 4.5.3.1.1 to .3, local part 64, domain 255, path 256. */
#define EMAIL__LOCAL_PART_MAX 64
#define EMAIL__DOMAIN_MAX 255
#define EMAIL__ADDRESS_MAX 320
/* A host name: RFC 1035 2.3.4, with room for the NUL. */
#define EMAIL__HOST_MAX 256

/* A header field as given by a caller, before folding. */
#define EMAIL__HEADER_VALUE_MAX 16384
/* Body lines: RFC 5322 2.1.1. */
#define EMAIL__LINE_MAX 998
/* The name of a header of one's own: it must leave room on its line (RFC 5322 2.1.1: 78). */
#define EMAIL__HEADER_NAME_MAX 76
/* Headers of one's own, and files in one message. */
#define EMAIL__HEADERS_MAX 1000
#define EMAIL__PARTS_MAX 1000
/* What is composed beforehand: headers and boundaries. 1,000 recipients with long names in UTF-8, each
 * written as encoded words, and 1,000 parts stay below. */
#define EMAIL__FRAME_MAX (8 * 1024 * 1024)
/* A message's stable name in its mailbox: RFC 1939 7 says 70 for POP3; IMAP's are two numbers. */
#define EMAIL__UID_MAX 70

/* Messages of one mailbox that are remembered as handed over: 8 MB of lines. */
#define EMAIL__HANDED_MAX 100000
/* Messages chosen in one poll: the next one has the rest. */
#define EMAIL__POLL_MAX 10000
/* A message that is received stays in memory up to this, beyond it goes to a temporary file. */
#define EMAIL__RECEIVED_MEMORY (128 * 1024)

/* Reading messages. Parts nested in each other, and parts in all: more is an attack. */
#define EMAIL__DEPTH_MAX 32
#define EMAIL__READ_PARTS_MAX 1000
/* One header field: 1,000 recipients with names. Fields and bytes of one header: mailing lists and
 * signatures of relays make some 100 and 30 kB. */
#define EMAIL__FIELD_READ_MAX (64 * 1024)
#define EMAIL__FIELDS_READ_MAX 1000
#define EMAIL__HEADER_READ_MAX (256 * 1024)
/* A boundary: RFC 2046 5.1.1 says 70; some write longer ones. */
#define EMAIL__BOUNDARY_READ_MAX 200
/* Sections of one parameter (RFC 2231 3): a name of 255 bytes, all encoded, in the shortest that are seen. */
#define EMAIL__PARAMETER_SECTIONS_MAX 100
/* Identifiers of one References field: a thread of years. */
#define EMAIL__IDS_MAX 1000
/* What a tree holds of the headers of all parts, and of what was decoded from them: behind it nothing more is
 * decoded. What was begun before may need as much again. */
#define EMAIL__TREE_MAX (16 * 1024 * 1024)
/* Text or HTML as one string: a book. Longer ones can be read in pieces. */
#define EMAIL__TEXT_READ_MAX (1024 * 1024)
/* The header of a ready message. Real ones are below 64 kB. */
#define EMAIL__RAW_HEADER_MAX (256 * 1024)
/* The name of an attached file: POSIX NAME_MAX of today's file systems. */
#define EMAIL__FILE_NAME_MAX 255
/* A Message-ID or Content-ID: one line of 998 would do; real ones are below 100. */
#define EMAIL__MESSAGE_ID_MAX 250

/* A property sheet: bytes, nesting, attributes of one element (libxml2 is quadratic in them), elements. */
#define EMAIL__SHEET_MAX (256 * 1024)
#define EMAIL__SHEET_DEPTH_MAX 16
#define EMAIL__SHEET_ATTRIBUTES_MAX 32
#define EMAIL__SHEET_NODES_MAX 20000
/* A name of an element or attribute: the longest property has some thirty characters. */
#define EMAIL__SHEET_NAME_MAX 128
/* The trust sheet holds certificates: 500 entries, each of 2 kB and the CAs behind it (EMAIL__ROW_CHAIN_MAX). */
#define EMAIL__TRUST_SHEET_MAX (8 * 1024 * 1024)
/* The status of that many accounts, a kB or so each. */
#define EMAIL__STATUS_SHEET_MAX (2 * 1024 * 1024)
/* A text property. */
#define EMAIL__TEXT_MAX 4096
/* Rows of the property table, so that a set of them needs no memory. */
#define EMAIL__PROPERTIES_MAX 96
/* The XML Schema made from them: some hundred bytes a row. */
#define EMAIL__SCHEMA_MAX (256 * 1024)
/* A name of an account: a folder and a column carry it. */
#define EMAIL__NAME_MAX 64
/* A secret: OAuth tokens go to 16 kB. */
#define EMAIL__SECRET_MAX 16384
/* The same when it is sealed (crypto/seal.h), in base64; and as a text with its tag, "sealed:". */
#define EMAIL__SEALED_MAX ((EMAIL__SECRET_MAX + 33 + 2) / 3 * 4)
#define EMAIL__SECRET_GIVEN_MAX (7 + EMAIL__SEALED_MAX)
/* Accounts in one service. */
#define EMAIL__ACCOUNTS_MAX 1000

/* A TLS session to be resumed: ticket, key, and the server's certificate; 1 kB with a common one. */
#define EMAIL__TLS_SESSION_MAX 16384
/* Seconds after which a server is judged anew, although it could be resumed (RFC 8446 4.6.1 allows 7 days). */
#define EMAIL__TLS_SESSION_SECONDS 86400

/* Certificates: as sent by a server (leaf and 8 intermediates), bytes of one, files of them. */
#define EMAIL__CHAIN_MAX 9
#define EMAIL__CERTIFICATE_MAX 65536
#define EMAIL__BUNDLE_MAX (16 * 1024 * 1024)
/* Extensions of one certificate: honest ones have some fifteen, and each is looked for among the others. */
#define EMAIL__EXTENSIONS_MAX 64
/* Certificates that one verdict looks at: those sent, and issuers of the same name from the stores. */
#define EMAIL__POOL_MAX 64
/* A path: leaf, 8 intermediates, root. */
#define EMAIL__PATH_MAX (EMAIL__CHAIN_MAX + 1)
/* Signatures checked for one verdict, so that a chain of many equal names costs no more than a second
 * even on a small processor. */
#define EMAIL__SIGNATURE_CHECKS_MAX 60
/* Names against name constraints, comparisons in one chain. */
#define EMAIL__CONSTRAINT_CHECKS_MAX 250000
/* A file of revocation lists. */
#define EMAIL__CRL_MAX (8 * 1024 * 1024)
/* Certificates in the User Trust Store, and in the User Key Store. */
#define EMAIL__USER_STORE_MAX 500
/* What was sent behind a certificate of Allowed Hosts, kept to judge it again: three ordinary CAs. */
#define EMAIL__ROW_CHAIN_MAX 8192
/* Allowed Hosts (model 6). */
#define EMAIL__HOSTS_UNAPPROVED_EACH 4
#define EMAIL__HOSTS_UNAPPROVED 64
#define EMAIL__HOSTS_MAX 500

/* The queue. A file's header: 1,000 recipients, each with its address and two lines of state, in 550 kB. */
#define EMAIL__QUEUE_HEADER_MAX (1024 * 1024)
/* What is kept of a subject to be shown and compared; a caller's own key for a mail. */
#define EMAIL__QUEUE_SUBJECT_MAX 200
#define EMAIL__QUEUE_KEY_MAX 250
/* Dead letters, and how long (Q4); keys of what was delivered, which a repeat is compared with (Q2). Of both an eighth more
 * before some are forgotten. */
#define EMAIL__QUEUE_DEAD_MAX 500
#define EMAIL__QUEUE_DEAD_DAYS 90
#define EMAIL__QUEUE_DONE_MAX 1000
/* Mails of one queue, if nobody says otherwise (model 2), and bytes: of a small station's flash. */
#define EMAIL__QUEUE_COUNT_MAX 100
#define EMAIL__QUEUE_BYTES_MAX (UINT64_C(256) * 1024 * 1024)
/* One mail, if nobody says otherwise (model 2: maxPersistedEmailSize). */
#define EMAIL__QUEUE_SIZE_MAX (UINT64_C(25000) * 1024)
/* Crashes after which a mail is tried last, and alone (Q8). */
#define EMAIL__QUEUE_CRASHES_MAX 3
/* Mails that one digest stands for, and what it says of them: subject, id and time in 300 bytes each. */
#define EMAIL__QUEUE_DIGEST_MAX 10000
#define EMAIL__QUEUE_DIGEST_TEXT_MAX (4 * 1024 * 1024)

/* What was sent, to know again what comes back of it: mails, days (servers give up after two to five, people answer for
 * weeks), and bytes in all, which 2,000 mails to ten recipients stay far below. A mail to 1,000 with the longest addresses
 * has 320 kB of them. */
#define EMAIL__SENT_MAX 2000
#define EMAIL__SENT_DAYS 30
#define EMAIL__SENT_BYTES_MAX (2 * 1024 * 1024)
/* Events of one report beside one for each recipient of the mail: addresses that lists and aliases sent it on to. */
#define EMAIL__ANSWER_STRANGERS_MAX 16

/* An account's status is written down at most that often, unless something went wrong. */
#define EMAIL__STATUS_SAVE_MS 1000
/* The service's worker. Mails over one connection: servers have limits of about that. */
#define EMAIL__SENDER_MAILS_MAX 100
/* An idle connection is kept for the next mail; servers wait for five minutes (RFC 5321 4.5.3.2.7), many not so long. */
#define EMAIL__SENDER_KEEP_MS 15000
/* A queue that somebody else works, or that cannot be opened, is tried again; so is a mail that could not be begun. */
#define EMAIL__SENDER_TRY_MS 10000
#define EMAIL__SENDER_AGAIN_MS 5000
/* What others queued is looked for, where they cannot ring. */
#define EMAIL__SENDER_LOOK_MS 1000
#define EMAIL__SENDER_DOWN_LOOK_MS 5000
/* Old mail, dead letters and running time, floods. */
#define EMAIL__SENDER_EXPIRE_MS 60000
#define EMAIL__SENDER_TEND_MS 600000
#define EMAIL__SENDER_FOLD_MS 1000
/* Mails that go to the dead letters in one step, some milliseconds each: others wait meanwhile. */
#define EMAIL__SENDER_BURIED_MAX 16
/* A look at the queue is followed by so many times as long without one: it is linear in what waits, and each mail knocks. */
#define EMAIL__SENDER_LOOK_SHARE 4
/* Nobody rings, and nothing is due: it looks all the same. */
#define EMAIL__WORKER_WAIT_MS 60000
/* email_service_stop(): what is on its way gets this long to end, and then this long to be given up. */
#define EMAIL__STOP_MS 5000
#define EMAIL__STOP_LATE_MS 2000

/* Addresses of one host name that are tried, and look-ups that may hang at a time. */
#define EMAIL__ADDRESSES_MAX 16
/* Bytes that one step of a session moves at most, about, before others have their turn. */
#define EMAIL__TURN_BYTES (1024 * 1024)
#define EMAIL__LOOKUPS_MAX 8

#endif
