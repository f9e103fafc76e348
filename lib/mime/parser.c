/* SPDX-License-Identifier: MIT */
#include <emailservice/parse.h>

#include "base/alloc.h"
#include "mime/parse.h"

struct email_parser {
	email__parse parse;
};

email_parser *
email_parser_new(const email_parser_events *events, void *context)
{
	email_parser *parser = email__new(email_parser);

	if (parser)
		email__parse_init(&parser->parse, events, context);
	return parser;
}

void
email_parser_free(email_parser *parser)
{
	if (!parser)
		return;
	email__parse_dispose(&parser->parse);
	email__free(parser);
}

email_code
email_parser_push(email_parser *parser, const void *bytes, size_t size)
{
	return email__parse_push(&parser->parse, bytes, size);
}

email_code
email_parser_end(email_parser *parser)
{
	return email__parse_end(&parser->parse);
}

void
email_parser_reset(email_parser *parser)
{
	email__parse_reset(&parser->parse);
}
