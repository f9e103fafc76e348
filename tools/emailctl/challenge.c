/* SPDX-License-Identifier: MIT */
/* The challenge: a person at a terminal is shown a certificate that did not verify, and answers. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

bool
person_present(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* On standard error: standard output is the command's own, and may be a file. */
static void
show_certificate(const email_certificate *k)
{
	char begin[WHEN_SIZE], end[WHEN_SIZE];

	fprintf(stderr,
	        "  subject             %s\n"
	        "  issued by           %s\n"
	        "  valid               %s to %s%s\n"
	        "  key                 %s %d bits\n"
	        "  signature           %s\n"
	        "  SHA-256             %s\n"
	        "  public key SHA-256  %s\n",
	        k->subject, k->issued_by, when_text(k->not_before, begin), when_text(k->not_after, end),
	        k->valid ? "" : " (not today)", k->key_algorithm, k->key_size, k->signature_algorithm,
	        k->sha256, k->public_key_sha256);
}

static void
show(const email_allowed_host *entry)
{
	char reasons[512];

	fprintf(stderr, "\nThe certificate of %s port %d does not verify: %s\n\n", entry->host, entry->port,
	        reasons_text(entry->reasons, reasons, sizeof reasons));
	show_certificate(&entry->certificate);
	if (entry->approval == EMAIL_APPROVAL_KEY_CHANGED)
		fputs("\nThis host was approved with ANOTHER key. Ask whoever runs it whether the key was "
		      "changed.\n",
		      stderr);
	fputs("\nCompare the SHA-256 with what whoever runs the server tells you.\n", stderr);
}

/* --- old against new --- */

typedef struct approved {
	const email_allowed_host *entry; /* the one that is asked about */
	email_allowed_host old;
	bool found;
} approved;

static bool
is_approved(void *context, const email_allowed_host *row)
{
	approved *a = context;

	a->found = row->approval == EMAIL_APPROVAL_YES && row->port == a->entry->port &&
	           strcmp(row->host, a->entry->host) == 0;
	if (a->found)
		a->old = *row;
	return !a->found;
}

/* The certificate that the host was approved with, where it is another one. */
static void
show_old(email_trust *trust, const email_allowed_host *entry)
{
	approved a = {.entry = entry};

	if (entry->approval != EMAIL_APPROVAL_KEY_CHANGED || email_trust_list_hosts(trust, is_approved, &a) ||
	    !a.found)
		return;
	fputs("\nApproved until now:\n\n", stderr);
	show_certificate(&a.old.certificate);
}

/* One line; the first letter answers, and no more of it is left for the next question. EOF: no answer. */
static int
ask(const char *question)
{
	int first, ch;

	fprintf(stderr, "%s ", question);
	fflush(stderr);
	for (first = ch = getchar(); ch != '\n' && ch != EOF;)
		ch = getchar();
	return first;
}

static email_answer
challenge(void *context, const email_allowed_host *entry)
{
	show(entry);
	show_old(context, entry);
	for (;;) {
		switch (ask("Approve it, reject it, or decide later? [approve/reject/later]")) {
		case 'a':
		case 'A': return EMAIL_ANSWER_APPROVE;
		case 'r':
		case 'R': return EMAIL_ANSWER_REJECT;
		case 'l':
		case 'L':
		case EOF: return EMAIL_ANSWER_LATER;
		}
	}
}

void
challenge_start(email_trust *trust)
{
	if (person_present())
		email_trust_set_challenge(trust, challenge, trust);
}

bool
challenge_confirm(email_trust *trust, const email_allowed_host *entry)
{
	int answer;

	show(entry);
	show_old(trust, entry);
	answer = ask("Approve it? [y/N]");
	return answer == 'y' || answer == 'Y';
}
