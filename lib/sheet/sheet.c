/* SPDX-License-Identifier: MIT */
#include "sheet/sheet.h"

#include <pthread.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlsave.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/wipe.h"
#include "sheet/scan.h"

/*
 * A node is libxml2's own; a sheet its document. Attributes' texts are handed out as they stand in the
 * tree: an attribute whose text is not one plain node (entities) does not get past the parser.
 */
struct email__sheet {
	xmlDocPtr doc;
};

static void
start_libxml2(void)
{
	xmlInitParser();
}

/* What the parser complained of first. */
typedef struct complaint {
	int line;
	char text[200];
	bool doctype, memory;
} complaint;

#if LIBXML_VERSION >= 21200
typedef const xmlError xml_error;
#else
typedef xmlError xml_error;
#endif

static void
on_error(void *context, xml_error *error)
{
	/* 2.9 hands over its own context whatever it was told: our data hang on that (stack of callbacks) */
	complaint *c = ((xmlParserCtxtPtr)context)->_private;
	size_t n;

	if (error->code == XML_ERR_NO_MEMORY)
		c->memory = true;
	if (c->text[0])
		return;
	c->line = error->line;
	/* the parser's words about an entity quote it, and "a&b;c" may be a password */
	if (error->code == XML_ERR_UNDECLARED_ENTITY || error->code == XML_WAR_UNDECLARED_ENTITY ||
	    error->code == XML_ERR_ENTITYREF_SEMICOL_MISSING || error->code == XML_ERR_NAME_REQUIRED) {
		email__printable(c->text, sizeof c->text, "an \"&\" that is no entity: write it as &amp;",
		                 43);
		return;
	}
	n = error->message ? strcspn(error->message, "\r\n") : 0;
	email__printable(c->text, sizeof c->text, error->message ? error->message : "", n);
}

/* The scan refuses a DOCTYPE already; this is the second lock on that door. */
static void
on_doctype(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	xmlParserCtxtPtr parser = context;

	(void)name;
	(void)external;
	(void)system;
	((complaint *)parser->_private)->doctype = true;
	xmlStopParser(parser);
}

static xmlDocPtr
parse(const void *bytes, size_t n, complaint *c)
{
	xmlParserCtxtPtr parser = xmlNewParserCtxt();
	int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES;
	xmlDocPtr doc;

	if (!parser) {
		c->memory = true;
		return NULL;
	}
#ifdef XML_PARSE_NO_XXE
	options |= XML_PARSE_NO_XXE;
#endif
	parser->_private = c;
#if LIBXML_VERSION >= 21300
	xmlCtxtSetErrorHandler(parser, on_error, parser);
#else
	parser->sax->serror = on_error;
#endif
	parser->sax->internalSubset = on_doctype;
	doc = xmlCtxtReadMemory(parser, bytes, (int)n, NULL, NULL, options);
	/* a parser that was stopped calls its document well-formed on 2.9 */
	if (doc && (c->doctype || c->memory || !parser->wellFormed || xmlGetIntSubset(doc))) {
		xmlFreeDoc(doc);
		doc = NULL;
	}
	xmlFreeParserCtxt(parser);
	return doc;
}

static email_code
complain(email_error *e, const char *name, int line, const char *text)
{
	email_code rc = email__error_set(e, EMAIL_E_SHEET, EMAIL_STAGE_SHEET, "%s", text);

	email__error_place(e, name, line);
	return rc;
}

static email_code
check_root(xmlDocPtr doc, const char *name, const char *root, const char *ns, email_error *e)
{
	xmlNodePtr node = xmlDocGetRootElement(doc);
	email_code rc;

	if (node && strcmp((const char *)node->name, root) == 0 && node->ns && node->ns->href &&
	    strcmp((const char *)node->ns->href, ns) == 0)
		return EMAIL_OK;
	rc = email__error_set(e, EMAIL_E_SHEET, EMAIL_STAGE_SHEET,
	                      "the root element must be <%s xmlns=\"%s\">", root, ns);
	email__error_place(e, name, node ? (int)xmlGetLineNo(node) : 1);
	return rc;
}

/* Attributes of XML itself and of XML Schema's instances mean nothing to us; any other that has a prefix is a stranger. */
static bool
is_ours(const xmlAttr *attribute)
{
	static const char *const tolerated[] = {"http://www.w3.org/XML/1998/namespace",
	                                        "http://www.w3.org/2001/XMLSchema-instance"};
	size_t i;

	if (!attribute->ns)
		return strchr((const char *)attribute->name, ':') == NULL;
	for (i = 0; i < 2; i++)
		if (attribute->ns->href && strcmp((const char *)attribute->ns->href, tolerated[i]) == 0)
			return true;
	return false;
}

/* Names are looked at without their namespaces from here on, so none but the sheet's own may be among them. The scan
 * has bounded the depth. */
static email_code
check_names(xmlNodePtr node, const char *name, const char *ns, email_error *e)
{
	const xmlAttr *attribute;
	email_code rc;

	for (; node; node = node->next) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		if (!node->ns || !node->ns->href || strcmp((const char *)node->ns->href, ns) != 0)
			return complain(e, name, (int)xmlGetLineNo(node),
			                "an element of another namespace than the sheet's");
		for (attribute = node->properties; attribute; attribute = attribute->next)
			if (!is_ours(attribute))
				return complain(e, name, (int)xmlGetLineNo(node),
				                "an attribute of another namespace");
		if ((rc = check_names(node->children, name, ns, e)))
			return rc;
	}
	return EMAIL_OK;
}

email_code
email__sheet_parse(const void *bytes, size_t n, size_t max, const char *name, const char *root,
                   const char *ns, email__sheet **sheet, email_error *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	complaint c = {0};
	email_code rc;
	int line = 1;

	*sheet = NULL;
	pthread_once(&once, start_libxml2);
	if (n > max)
		return complain(e, name, 1, "the sheet is too large");
	if ((rc = email__sheet_scan(bytes, n, &line, e))) {
		email__error_place(e, name, line);
		return rc;
	}
	*sheet = email__new(email__sheet);
	if (!*sheet)
		return email__error_memory(e, EMAIL_STAGE_SHEET);
	(*sheet)->doc = parse(bytes, n, &c);
	if (c.memory && !(*sheet)->doc)
		rc = email__error_memory(e, EMAIL_STAGE_SHEET);
	else if (!(*sheet)->doc)
		rc = complain(e, name, c.line, c.doctype ? "a DOCTYPE is not allowed in a sheet" : c.text);
	else
		rc = check_root((*sheet)->doc, name, root, ns, e);
	if (rc == EMAIL_OK)
		rc = check_names(xmlDocGetRootElement((*sheet)->doc), name, ns, e);
	if (rc) {
		email__sheet_free(*sheet);
		*sheet = NULL;
	}
	return rc;
}

email__sheet *
email__sheet_new(const char *root, const char *ns)
{
	email__sheet *sheet = email__new(email__sheet);
	xmlNodePtr node;
	xmlNsPtr space;

	if (!sheet)
		return NULL;
	sheet->doc = xmlNewDoc(BAD_CAST "1.0");
	node = sheet->doc ? xmlNewDocNode(sheet->doc, NULL, BAD_CAST root, NULL) : NULL;
	if (node)
		xmlDocSetRootElement(sheet->doc, node);
	space = node ? xmlNewNs(node, BAD_CAST ns, NULL) : NULL;
	if (!space) {
		email__sheet_free(sheet);
		return NULL;
	}
	xmlSetNs(node, space);
	return sheet;
}

/* A sheet may hold a secret: no text of it is given back to the heap as it is. Short texts that libxml2 keeps once for
 * many nodes are left: a line end and its blanks. */
static void
wipe_texts(xmlNodePtr node)
{
	for (; node; node = node->next) {
		if (node->type == XML_ELEMENT_NODE)
			wipe_texts(node->children);
		else if ((node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) &&
		         node->content &&
		         !(node->doc && node->doc->dict && xmlDictOwns(node->doc->dict, node->content)))
			email__wipe(node->content, strlen((const char *)node->content));
	}
}

void
email__sheet_free(email__sheet *sheet)
{
	if (!sheet)
		return;
	if (sheet->doc)
		wipe_texts(sheet->doc->children);
	xmlFreeDoc(sheet->doc);
	email__free(sheet);
}

email_code
email__sheet_write(email__sheet *sheet, email__buf *out)
{
	xmlBufferPtr buffer = xmlBufferCreate();
	xmlSaveCtxtPtr save = buffer ? xmlSaveToBuffer(buffer, "UTF-8", XML_SAVE_AS_XML) : NULL;
	email_code rc = EMAIL_E_MEMORY;

	if (save && xmlSaveDoc(save, sheet->doc) >= 0) {
		if (xmlSaveClose(save) >= 0)
			rc = email__buf_add(out, xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer));
	} else if (save)
		xmlSaveClose(save);
	if (buffer) {
		email__wipe((void *)(uintptr_t)xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer));
		xmlBufferFree(buffer);
	}
	return rc;
}

static xmlNodePtr
element(xmlNodePtr node)
{
	while (node && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

/* The handle is libxml2's node under another name, so that no other room can look inside. */
static xmlNodePtr
inside(const email__node *node)
{
	return (xmlNodePtr)(uintptr_t)node;
}

static email__node *
handle(xmlNodePtr node)
{
	return (email__node *)node;
}

email__node *
email__sheet_root(email__sheet *sheet)
{
	return handle(xmlDocGetRootElement(sheet->doc));
}

email__node *
email__node_first(email__node *node)
{
	return handle(element(inside(node)->children));
}

email__node *
email__node_next(email__node *node)
{
	return handle(element(inside(node)->next));
}

const char *
email__node_name(const email__node *node)
{
	return (const char *)inside(node)->name;
}

int
email__node_line(const email__node *node)
{
	return (int)xmlGetLineNo(inside(node));
}

static const char *
text_of(const xmlAttr *attribute)
{
	return attribute->children && attribute->children->content
	               ? (const char *)attribute->children->content
	               : "";
}

const char *
email__node_attribute(const email__node *node, const char *name)
{
	const xmlAttr *attribute = xmlHasNsProp(inside(node), BAD_CAST name, NULL);

	return attribute ? text_of(attribute) : NULL;
}

const char *
email__node_attribute_at(const email__node *node, size_t i)
{
	const xmlAttr *attribute = inside(node)->properties;

	while (attribute && (attribute->ns || i-- > 0))
		attribute = attribute->next;
	return attribute ? (const char *)attribute->name : NULL;
}

bool
email__node_has_children(const email__node *node)
{
	return element(inside(node)->children) != NULL;
}

static bool
is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool
email__node_has_text(const email__node *node)
{
	xmlNodePtr child;

	for (child = inside(node)->children; child; child = child->next)
		if (child->type == XML_ENTITY_REF_NODE || child->type == XML_CDATA_SECTION_NODE ||
		    (child->type == XML_TEXT_NODE && !xmlIsBlankNode(child)))
			return true;
	return false;
}

email_code
email__node_text(const email__node *node, email__buf *out)
{
	xmlNodePtr child;
	email_code rc;

	email__buf_clear(out);
	for (child = inside(node)->children; child; child = child->next) {
		if (child->type == XML_ELEMENT_NODE || child->type == XML_ENTITY_REF_NODE)
			return EMAIL_E_SHEET;
		if ((child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) &&
		    child->content && (rc = email__buf_adds(out, (const char *)child->content)))
			return rc == EMAIL_E_LIMIT ? EMAIL_E_SHEET : rc;
	}
	while (out->end > out->start && is_space(out->data[out->end - 1]))
		out->end--;
	while (out->end > out->start && is_space(out->data[out->start]))
		out->start++;
	return EMAIL_OK;
}

/* XML 1.0 2.2: no other control characters, which 2.9 would write raw, no U+FFFE and U+FFFF, and nothing that is no
 * UTF-8, or the sheet could not be read again. */
static bool
writable(const char *text)
{
	size_t at = 0, n = strlen(text), len;
	unsigned long c;

	for (; at < n; at += len) {
		len = email__utf8_decode((const unsigned char *)text + at, n - at, &c);
		if (len == 0 || (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7F && c < 0xA0) ||
		    c == 0xFFFE || c == 0xFFFF)
			return false;
	}
	return true;
}

email_code
email__node_set_text(email__node *node, const char *text)
{
	xmlNodePtr fresh;

	if (!writable(text))
		return EMAIL_E_VALUE;
	fresh = xmlNewDocText(inside(node)->doc, BAD_CAST text);
	if (!fresh)
		return EMAIL_E_MEMORY;
	/* the new text is made before the old one goes, so that want of memory changes nothing */
	wipe_texts(inside(node)->children);
	xmlNodeSetContent(inside(node), NULL);
	xmlAddChild(inside(node), fresh);
	return EMAIL_OK;
}

email_code
email__node_set_attribute(email__node *node, const char *name, const char *value)
{
	xmlAttrPtr attribute;

	if (!value) {
		attribute = xmlHasNsProp(inside(node), BAD_CAST name, NULL);
		if (attribute)
			xmlRemoveProp(attribute);
		return EMAIL_OK;
	}
	if (!writable(value))
		return EMAIL_E_VALUE;
	return xmlSetProp(inside(node), BAD_CAST name, BAD_CAST value) ? EMAIL_OK : EMAIL_E_MEMORY;
}

static bool
is_indent(const xmlNode *node)
{
	const xmlChar *p;

	if (!node || node->type != XML_TEXT_NODE || !node->content)
		return false;
	for (p = node->content; *p; p++)
		if (!is_space(*p))
			return false;
	return true;
}

/* How deep the node stands: the root is 0. */
static size_t
depth_of(const xmlNode *node)
{
	size_t depth = 0;

	for (; node->parent && node->parent->type == XML_ELEMENT_NODE; node = node->parent)
		depth++;
	return depth;
}

/* A line end and the indentation of a child of `parent`: that of the first one, else two blanks a level. */
static xmlNodePtr
indentation(xmlNodePtr parent, bool closing)
{
	email__buf text;
	xmlNodePtr node = NULL;
	const xmlNode *child;
	size_t depth = depth_of(parent) + !closing;

	for (child = parent->children; child && !closing; child = child->next)
		if (is_indent(child) && child->next && child->next->type == XML_ELEMENT_NODE)
			return xmlNewDocText(parent->doc, child->content);
	email__buf_init(&text, 256);
	if (email__buf_adds(&text, "\n") == EMAIL_OK) {
		while (depth-- > 0 && email__buf_adds(&text, "  ") == EMAIL_OK)
			;
		if (email__buf_text(&text))
			node = xmlNewDocText(parent->doc, BAD_CAST email__buf_text(&text));
	}
	email__buf_dispose(&text);
	return node;
}

email__node *
email__node_add(email__node *parent, email__node *before, const char *name)
{
	xmlNodePtr up = inside(parent);
	xmlNodePtr node = xmlNewDocNode(up->doc, up->ns, BAD_CAST name, NULL);
	xmlNodePtr indent = indentation(up, false);
	/* the white space in front of the parent's end tag */
	xmlNodePtr close = is_indent(up->last) ? up->last : indentation(up, true);

	if (!node || !indent || !close) {
		xmlFreeNode(node);
		xmlFreeNode(indent);
		if (close != up->last)
			xmlFreeNode(close);
		return NULL;
	}
	if (close != up->last)
		xmlAddChild(up, close);
	/* libxml2 joins neighbouring texts, so the element goes in first and its indentation to that side of it
	 * where an element stands */
	if (before) {
		xmlAddPrevSibling(inside(before), node);
		xmlAddNextSibling(node, indent);
	} else {
		xmlAddPrevSibling(up->last, node);
		xmlAddPrevSibling(node, indent);
	}
	return handle(node);
}

void
email__node_remove(email__node *node)
{
	xmlNodePtr n = inside(node);

	if (is_indent(n->prev)) {
		xmlNodePtr indent = n->prev;

		/* an only child leaves its parent without any white space */
		if (is_indent(n->next) && !n->next->next && !indent->prev) {
			xmlNodePtr close = n->next;

			xmlUnlinkNode(close);
			xmlFreeNode(close);
		}
		xmlUnlinkNode(indent);
		xmlFreeNode(indent);
	}
	wipe_texts(n->children);
	xmlUnlinkNode(n);
	xmlFreeNode(n);
}
