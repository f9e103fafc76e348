#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2034,SC2154 # set for, and by, what is read from tests/support
#
# IMAP servers that lie, strip, inject, stall, drip and drop: each ends with the exit status of its kind and one
# sentence, in time; no login where there must be none, no message in part, another's or twice, nothing deleted that
# was not accepted.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/boxes.sh"
. "$(dirname "$0")/../support/hostile.sh"

protocol=imap
logins='^[0-9]+ < [^ ]+ (LOGIN|AUTHENTICATE|ID|ENABLE|SELECT|EXAMINE|UID)'
bare='greeting=* OK hello' # a greeting without capabilities

# --- STARTTLS ---
bad "STARTTLS stripped" 76 starttls plain
is stage starttls "$(value error.stage)"
unsent
bad "CAPABILITY refused where TLS is wanted" 76 starttls starttls --reply "$bare" --reply 'capability={tag} NO none'
unsent
for reply in '{tag} NO no' '{tag} BAD no' '* OK begin' '+ begin' 'A9 OK begin' '{tag} PREAUTH' 'OK begin' '{tag} OKbegin'; do
	bad "STARTTLS answered '$reply'" 75,76 starttls starttls --reply "starttls=$reply"
	unsent
done
bad "responses injected behind the go-ahead" 76 starttls starttls \
	--inject-after-starttls '* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nA2 OK done\r\n'
is stage starttls "$(value error.stage)"
unsent
lacks "$WORK/server.log" 'handshake TLS'
bad "one byte injected" 76 starttls starttls --inject-after-starttls 'x'
unsent
bad "an answer before the question" 76 starttls starttls \
	--reply 'greeting=* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\nA1 OK begin\nA2 OK done'
unsent
bad "PREAUTH where TLS is wanted" 76 starttls starttls --reply 'greeting=* PREAUTH hello'
unsent
lacks "$WORK/server.log" 'handshake TLS'
bad "PREAUTH with capabilities where TLS is wanted" 76 starttls starttls \
	--reply 'greeting=* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hello'
unsent
# what was said in the clear is forgotten
bad "capabilities of before TLS" 0 starttls starttls \
	--reply 'greeting=* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=X-OTHER LOGINDISABLED] hello\n* 99 EXISTS\n* 1 EXPUNGE'
brought 3

# --- the wrong kind of port ---
bad "a server in the clear on a TLS port" 75,76 ssl plain
unsent
bad "TLS on a port in the clear" 75,76 plain ssl
unsent
bad "TLS where STARTTLS is expected" 75,76 starttls ssl
unsent

# --- greetings ---
bad "greeted late, in time" 0 plain plain --delay greeting=700
brought 3
bad "greeted too late" 75 plain plain --delay greeting=4000
is stage greeting "$(value error.stage)"
bad "BYE for a greeting" 75 plain plain --reply 'greeting=* BYE too many'
is temporary true "$(value error.temporary)"
for greeting in '* NO no' '* BAD no' 'A1 OK hello' '220 mail.test ESMTP' '+OK ready' '+ go on' 'HTTP/1.1 400 Bad Request'; do
	bad "greeted '$greeting'" 69,75,76 plain plain --reply "greeting=$greeting"
	unsent
done
bad "a line without end" 76 plain plain --reply "greeting=* OK $(printf '%070000d' 0)"
bad "a line without end, for ever" 76 plain plain --flood "greeting=$(printf '%09000d' 0)"
bad "greetings without end" 69,75,76 plain plain --reply "$bare" --flood 'greeting=* OK hello'
bad "control characters" 75 plain plain --reply 'greeting=* BYE \x1b[31mRed\x07 \x9b alert'
bad "PREAUTH under TLS" 0,76,77 ssl ssl --reply 'greeting=* PREAUTH hello'
lacks "$WORK/server.log" '< [^ ]+ (LOGIN|AUTHENTICATE)'

# --- logins ---
printf 'wrong\n' >"$WORK/wrong"
for mode in ssl starttls; do
	begin "a wrong password, $mode" $mode $mode
	want 0 emailctl set in "emailAuthenticator.password=file:$WORK/wrong"
	receive 77
	explained
	is stage authenticate "$(value error.stage)"
	lacks "$WORK/stderr" 'd3Jvbmc|wrong$'
	stop server
done
begin "no login in the clear" plain plain
want 0 emailctl set in allowPlaintextLogin=false
receive 77
explained
stop server
lacks "$WORK/server.log" '< [^ ]+ (LOGIN|AUTHENTICATE)'
bad "LOGINDISABLED" 77 ssl ssl --mechanisms '' --with LOGINDISABLED
lacks "$WORK/server.log" '< [^ ]+ LOGIN'
bad "LOGIN alone" 0 ssl ssl --mechanisms ''
brought 3
bad "a login refused for now" 75 ssl ssl --reply 'auth={tag} NO [UNAVAILABLE] later'
bad "in use" 75 ssl ssl --reply 'auth={tag} NO [INUSE] locked'
bad "a login that is refused by BAD" 69,76,77 ssl ssl --reply 'auth={tag} BAD no'
bad "challenges without end" 76,77 ssl ssl --flood 'auth=+ YWJj'
bad "a challenge that is not base64" 76,77 ssl ssl --reply 'auth=+ !!!'
bad "untagged OK for a login" 75,76 ssl ssl --reply 'auth=* OK logged in' --drop-at auth:drop
is messages 0 "$(find out -type f 2>/dev/null | wc -l)"

# --- folders ---
bad "no such folder" 69,78 ssl ssl --reply 'select={tag} NO [NONEXISTENT] no'
bad "a folder read-only" 0,69 ssl ssl --reply 'select={tag} OK [READ-ONLY] so'
bad "a folder without UIDVALIDITY" 0,76 ssl ssl --reply 'uidvalidity=0'
bad "a UIDVALIDITY of 2^32" 0,76 ssl ssl --reply 'uidvalidity=4294967296'
bad "a folder that says BAD" 69,76,78 ssl ssl --reply 'select={tag} BAD no'
bad "four thousand million messages" 0,65,75,76 ssl ssl --reply 'exists=4294967295'
bad "messages by the sextillion" 0,76 ssl ssl --reply 'exists=999999999999999999999'
bad "fewer messages than found" 0,76 ssl ssl --reply 'exists=1'
begin "UIDVALIDITY changes between polls" ssl ssl --reply 'uidvalidity*1=1'
want 0 emailctl set in deliveryPolicy=MarkAsUnread
receive 0
is messages 3 "$(find out -type f | wc -l)"
# other messages under the same UIDs: they come, and nothing that was known of the old ones counts
receive 0
is messages 6 "$(find out -type f | wc -l)"
receive 0
is messages 6 "$(find out -type f | wc -l)"
stop server
left 3

begin "a list that is refused" ssl ssl
want 0 emailctl set in deliveryPolicy=MarkAsUnread
receive 0
brought 3
at_port=$PORT
stop server
# shellcheck disable=SC2086 # words
serve_box $protocol --mode ssl --port "$at_port" $tls --reply 'fetch*1={tag} NO [SERVERBUG] look into the log'
receive 75
explained
# of those that it did not name nothing was forgotten
receive 0
is "handed over again" 0 "$(value 'messages.#')"
stop server

# --- searches ---
for found in 0 -1 4294967296 '1 1 1 2 2 3' '3 2 1' '99 100' x '1 2 3 x' '18446744073709551616' '(1 2)' '{5}'; do
	bad "SEARCH finds '$found'" 0,76 ssl ssl --without ESEARCH --reply "found=$found"
done
for found in 1:4294967295 '4294967295:1' '*' '1:*' 0:3 1,1,1 3,2,1 '1:3,1:3' '1:99999999999' ',' ':' '1:2:3'; do
	bad "ESEARCH finds '$found'" 0,76 ssl ssl --reply "found=$found"
	lacks "$WORK/server.log" '< [^ ]+ UID FETCH 0'
done
bad "SEARCH refused" 69,75,76 ssl ssl --reply 'search={tag} NO no'
bad "data without end at SEARCH" 69,75,76 ssl ssl --flood 'search=* OK still there'
bad "EXISTS without end" 69,75,76 ssl ssl --flood 'search=* 3 EXISTS'
bad "UIDs without end" 69,75,76 ssl ssl --flood 'search=* SEARCH 1 2 3'

# --- responses ---
for reply in 'A999 OK done' '{tag}9 OK done' 'a5 OK done' 'OK done' '{tag}' '{tag} FINE done' ' {tag} OK' '* {tag} OK done'; do
	bad "SEARCH answered '$reply'" 69,75,76 ssl ssl --reply "search=$reply" --drop-at search:stall
done
bad "a tag of the past" 76 ssl ssl --first 'search=A1 OK done'
bad "a tag of the future" 76 ssl ssl --first 'search=A99 OK done'
bad "a tag twice" 0,76 ssl ssl --first 'search={tag} OK done'
for line in '* NO' '* OK' '* 5 RECENT' '* FLAGS (\\Seen)' '* LIST () "/" x' '* OK [X-CODE (a b)] c' '* X-OTHER 1' '* ESEARCH' '* CAPABILITY IMAP4rev1' '* OK [ALERT] \x1b[31mhello'; do
	bad "unasked: $line" 0 ssl ssl --first "search=$line" --first "fetch=$line" --first "select=$line"
	brought 3
done
for line in '* 0 EXPUNGE' '* 99 EXPUNGE' '* 1 EXPUNGE' '* 1 FETCH (UID 1 FLAGS (\\Deleted))' '* 7 FETCH (FLAGS ())' '* 0 FETCH (UID 1)' '* VANISHED 1:4294967295'; do
	bad "unasked: $line" 0,76 ssl ssl --first "search=$line"
	[ "$status" != 0 ] || nothing_lost
done

# --- messages: literals ---
for literal in '{4294967296}' '{18446744073709551615}' '{18446744073709551616}' '{99999999999999999999}' '{-1}' '{0}' \
	'{}' '{ 190}' '{190' '{190}x' '{190+}' '{1}' '{189}' '{191}' '{100000000000}' 'NIL' '"x"' '{x}' '(190)'; do
	short="responseTimeout=PT1S"
	bad "a literal of $literal" 0,65,69,75,76 ssl ssl --reply "literal:2=$literal"
	short=
	# what is handed over then is what it said, and no more: message 1 came before, 3 may not come
	[ "$status" = 0 ] || lacks "$WORK/stdout" '"uid":"[0-9]*\.2"'
done
bad "a literal with zeros in front" 0,76 ssl ssl --reply "literal:2={00000000000000000000190}"
for size in 0 1 189 191 4294967296 9223372036854775808 18446744073709551616 -1 x NIL; do
	bad "a size of $size" 0,76 ssl ssl --reply "size:2=$size"
done
bad "a message without end" 65,69,75,76 ssl ssl --reply "literal:2={9000000000000000000}" \
	--flood "body:2=$(printf '%04000d' 0)"

# --- messages: others than asked for ---
for uid in 0 1 3 99 4294967296 -1 x NIL; do
	bad "message 2 said to be $uid" 0,65,69,75,76 ssl ssl --reply "uid:2=$uid"
done
for line in '* 2 FETCH (UID 99 BODY[] {5}\nhello)' '* 2 FETCH (UID 2 BODY[HEADER] {5}\nhello)' '* 2 FETCH (BODY[] {5}\nhello)' \
	'* 2 FETCH (UID 2 BODY[]<5> {5}\nhello)' '* 2 FETCH (UID 2' '* 2 FETCH' '* 2 FETCH ()' '* 2 FETCH (UID 2 UID 3)' '* OK nothing' \
	"* 2 FETCH (UID 2 X-NEST $(printf '%02000d' 0 | tr 0 '('))" "* 2 FETCH (UID 2 X-LONG \"$(printf '%070000d' 0)\")"; do
	short="responseTimeout=PT1S"
	bad "a message that is $(printf '%.40s' "$line")" 0,65,69,75,76 ssl ssl --reply "line:2=$line"
	short=
	lacks "$WORK/stdout" '"uid":"[0-9]*\.(99|2)"'
done
# message 2 arrives in 1's place, and 1 in 2's
bad "a message that comes twice" 0,76 ssl ssl --first 'fetch=* 1 FETCH (UID 1 BODY[] {5}\nhello)'
# a message whose structure makes no sense comes whole, and the others as they do
for structure in NIL '()' '(((((' "$(printf '%0500d' 0 | tr 0 '(')" '("text")' '("text" "plain" NIL NIL NIL "7bit" -1 1)' \
	'("text" "plain" NIL NIL NIL "7bit" 18446744073709551616 1)' \
	"(\"text\" \"plain\" (\"name\" \"$(printf '%070000d' 0)\") NIL NIL \"7bit\" 3 1)"; do
	begin "a structure of $(printf '%.30s' "$structure")" ssl ssl --reply "structure:2=BODYSTRUCTURE $structure"
	want 0 emailctl set in ignoreAttachments=true
	receive 0
	brought 3
	stop server
	no_violations server
done
bad "data without end at FETCH" 69,75,76 ssl ssl --flood 'fetch=* OK still there'
bad "messages without end" 69,75,76 ssl ssl --flood 'fetch=* 1 FETCH (UID 1 FLAGS ())'
bad "FETCH refused" 0,69,75 ssl ssl --reply 'fetch={tag} NO no'
bad "FETCH refused by BAD" 69,75,76 ssl ssl --reply 'fetch={tag} BAD no'

# --- what becomes of them ---
begin "Delete, as it should be" ssl ssl
cp "$WORK/mails/1" "$WORK/mail/9:2,ST" # another client's
want 0 emailctl set in deliveryPolicy=Delete
receive 0
brought 3
stop server
no_violations server
is "what another client marked" '9:2,ST' "$(ls "$WORK/mail")"
begin "Delete, without UIDPLUS" ssl ssl --without UIDPLUS
cp "$WORK/mails/1" "$WORK/mail/9:2,ST"
want 0 emailctl set in deliveryPolicy=Delete
receive 0,69,75,76
brought 3
receive 0,69,75,76
brought 3
stop server
no_violations server
has "$WORK/server.log" 'flagged 1'
is "what another client marked" '9:2,ST' "$(cd "$WORK/mail" && ls -d 9*)"
for how in 'store={tag} NO no' 'store={tag} BAD no' 'expunge={tag} NO no' 'store=* OK what' 'expunge={tag} NO [READ-ONLY] no'; do
	short="responseTimeout=PT1S"
	begin "Delete, $how" ssl ssl --reply "$how"
	want 0 emailctl set in deliveryPolicy=Delete
	receive 0,69,75,76
	nothing_lost
	receive 0,69,75,76
	stop server
	short=
	nothing_lost
	brought 3
done
begin "Delete, a message that did not come" ssl ssl --reply 'line:2=* OK nothing'
want 0 emailctl set in deliveryPolicy=Delete
receive 0,69,75
stop server
nothing_lost
is "message 2" 2 "$(cd "$WORK/mail" && ls)"
begin "a folder read-only, Delete" ssl ssl --reply 'select={tag} OK [READ-ONLY] so'
want 0 emailctl set in deliveryPolicy=Delete
receive 0,69,75,76
nothing_lost
stop server
begin "moved, as it should be" ssl ssl
want 0 emailctl set in processedFolder=Done
receive 0
brought 3
stop server
no_violations server
is moved 3 "$(find "$WORK/mail/Done" -type f | wc -l)"
for how in 'move={tag} NO no' 'move={tag} BAD no' 'create={tag} NO no'; do
	begin "moved, $how" ssl ssl --reply "$how"
	want 0 emailctl set in processedFolder=Done
	receive 0,69,75,76
	nothing_lost
	receive 0,69,75,76
	brought 3
	stop server
	nothing_lost
done

# --- connections that break, at every stage; the next poll brings each message once ---
for stage in auth id select search fetch; do
	bad "BYE at $stage" 75 ssl ssl --first "$stage*1=* BYE going down" --drop-at "$stage*1"
	again 3
done
for how in drop reset half; do
	for stage in greeting auth id enable select search fetch body:2; do
		bad "$how at $stage" 75 ssl ssl --drop-at "$stage:$how*1"
		is temporary true "$(value error.temporary)"
		again 3
	done
	bad "$how at the connection" 75 starttls starttls --drop-at "connect:$how*1"
	unsent
	bad "$how at STARTTLS" 75,76 starttls starttls --drop-at "starttls:$how*1"
	unsent
	bad "$how at the handshake" 75,76 starttls starttls --drop-at "tls:$how*1"
	unsent
	for stage in store expunge logout; do
		begin "$how at $stage" ssl ssl --drop-at "$stage:$how*1"
		want 0 emailctl set in deliveryPolicy=Delete
		receive 0,75
		nothing_lost
		receive 0
		brought 3
		stop server
		no_violations server
		left 0
	done
done

# --- silence and dripping ---
short="responseTimeout=PT1S connectionTimeout=PT1S"
for stage in auth select search fetch body:2 logout; do
	bad "silent at $stage" 0,75 ssl ssl --drop-at "$stage:stall"
	[ $stage = logout ] || is code E_TIMEOUT "$(value error.code)"
done
bad "silent at the handshake" 75 ssl ssl --drop-at tls:stall
bad "silent after STARTTLS" 75 starttls starttls --drop-at tls:stall
bad "a reply that drips for ever" 75 ssl ssl --slow search=150
bad "a message that drips for ever" 75 ssl ssl --slow body:2=20
short=
bad "dripping, but in time" 0 ssl ssl --drip 1
brought 3
finish
