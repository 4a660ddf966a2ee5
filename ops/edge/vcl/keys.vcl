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
		    regsuball(req.http.edge-query, "(^|(?<=&))(?!(view|as_of)=)[^&]*(&|$)", "");
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

# The API answers in one language, so its requests name none: thousands of spellings of Accept-Language would be as
# many variants. Accept-Encoding is "gzip" or nothing already, which is Varnish's own doing.
sub normalise_negotiation {
	if (req.url ~ "^/(api|images)/") {
		unset req.http.Accept-Language;
		unset req.http.Accept-Charset;
	}
}
