# The key: one spelling for all requests that have one answer, so that nobody can fill the cache with copies of it.
#
# Only the query parameters that a route reads are kept, in order of their names. A bad value stays, and is the API's
# to refuse. What is passed anyway keeps its query as it came, since order and commas mean something in "ids=".

sub normalise_key {
	# A fragment has no business in a request, and routers cut it off, each at another place.
	set req.url = regsub(req.url, "#.*$", "");
	if (req.url !~ "^/api/products(\?|$)" && req.url !~ "^/api/products/[^/?]+/(price|inventory)(\?|$)") {
		call keep_known_parameters;
	}
	call normalise_negotiation;
}

sub keep_known_parameters {
	set req.http.edge-query = regsub(req.url, "^[^?]*\??", "");
	set req.url = regsub(req.url, "\?.*$", "");
	if (req.http.edge-query == "") {
		return;
	}
	# Each pattern takes out the parameters that are not among these.
	if (req.url ~ "^/api/products/[^/]+$") {
		set req.http.edge-query =
		    regsuball(req.http.edge-query, "(^|(?<=&))(?!(view|as_of|consistency)=)[^&]*(&|$)", "");
	} else if (req.url ~ "^/api/products/[^/]+/price-history$") {
		set req.http.edge-query =
		    regsuball(req.http.edge-query, "(^|(?<=&))(?!(days)=)[^&]*(&|$)", "");
	} else if (req.url ~ "^/api/(categories/[^/]+/products|search)$") {
		set req.http.edge-query =
		    regsuball(req.http.edge-query, "(^|(?<=&))(?!(view|sort|page|page_size|q|category|brand|min_price|max_price|in_stock|min_rating)=)[^&]*(&|$)", "");
	} else if (req.url == "/api/suggest") {
		set req.http.edge-query =
		    regsuball(req.http.edge-query, "(^|(?<=&))(?!(q)=)[^&]*(&|$)", "");
	} else if (req.url == "/api/home") {
		set req.http.edge-query =
		    regsuball(req.http.edge-query, "(^|(?<=&))(?!(view)=)[^&]*(&|$)", "");
	} else if (req.url ~ "^/(api|images)/" || req.url ~ "^/(docs|ops|openapi\.json)?$") {
		set req.http.edge-query = "";
	}
	# What is not Shelfwire's own may mean anything by its query, and keeps it.
	set req.http.edge-query = regsub(req.http.edge-query, "&+$", "");
	if (req.http.edge-query != "") {
		set req.url = std.querysort(req.url + "?" + req.http.edge-query);
	}
}

# The API answers in one language, and nobody else behind this in more: thousands of spellings of Accept-Language would be
# as many variants. Accept-Encoding is "gzip" or nothing already, which is Varnish's own doing.
sub normalise_negotiation {
	unset req.http.Accept-Language;
	unset req.http.Accept-Charset;
}

# One address has many spellings (RFC 3986, 6.2.2): a letter may be written %61, %C3 as %c3, and a number 01. The API reads
# them all as one; VCL cannot rewrite them. Links and encodeURIComponent write none of them, so whoever does is answered,
# and has nothing kept for it.
sub pass_other_spellings {
	if (req.url ~ "^/(api|images)/" &&
	    (req.url ~ "%(2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])" ||
	    req.url ~ "%([a-f][0-9A-Fa-f]|[0-9A-F][a-f])" ||
	    req.url ~ "[?&](page|page_size|days|min_price|max_price|min_rating)=0[0-9]")) {
		set req.http.edge-fwd = "bypass";
		return (pass);
	}
}
