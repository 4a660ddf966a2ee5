# Purging, by tag.
#
#   PURGE / HTTP/1.1
#   xkey-softpurge: product-85123A category-7      or xkey-purge, which takes the answers away altogether
#
# Tags are separated by spaces or commas, up to 8,000 bytes of them. The next reader of a purged answer gets a new one;
# a softly purged one is still there for the case that the API has no new one to give. Without tags the address of the
# request itself is purged.

sub answer_purges {
	if (req.method != "PURGE") {
		return;
	}
	if (client.ip !~ purgers) {
		return (synth(403));
	}
	if (req.http.xkey-purge) {
		set req.http.edge-query = req.http.xkey-purge;
		set req.http.edge-purged = xkey.purge(req.http.xkey-purge);
	} else if (req.http.xkey-softpurge) {
		set req.http.edge-query = req.http.xkey-softpurge;
		set req.http.edge-purged = xkey.softpurge(req.http.xkey-softpurge);
	} else {
		call normalise_key;
		set req.http.edge-query = "url=" + regsuball(req.url, "[,\s]", "_");
		set req.http.edge-purged = xkey.softpurge(req.http.edge-query);
	}
	call remember_purges;
	return (synth(200, "Purged"));
}

# What was purged is remembered by tag, for two uses that Varnish's list of kept answers does not serve:
#
# - An answer that the API made before a change, and that arrives after the purge, was not there to be purged; on a busy
#   machine a node may hear of a change only after the purge. So what was purged within 2 s is kept for a quarter of a
#   second only (purged_lately), and what took more than 1.5 s to come for a second: the purge may be forgotten again.
# - A soft purge passes over answers whose lifetime has ended already, and those may still be shown for a while behind
#   which they are revalidated. So what was purged within 30 s, the longest such while, is not (judge_stale).
#
# A token bucket of one token is the memory: purging takes the token, and it is back when the time has passed. The time
# begins when a token is taken, and an empty bucket has none: so each purge puts one in first, which otherwise would be
# remembered no longer than the one before it. VCL has no loop, so eight tags of a request are remembered one by one, and longer lists as a purge of everything.
sub remember_purges {
	set req.http.edge-query = regsuball(req.http.edge-query, "[,\s]+", " ");
	call remember_one_purge;
	call remember_one_purge;
	call remember_one_purge;
	call remember_one_purge;
	call remember_one_purge;
	call remember_one_purge;
	call remember_one_purge;
	call remember_one_purge;
	if (req.http.edge-query ~ "[^ ]") {
		set req.http.edge-query = "everything";
		call remember_one_purge;
	}
}

sub remember_one_purge {
	set req.http.edge-tag = regsub(req.http.edge-query, "^ *([^ ]*).*$", "\1");
	set req.http.edge-query = regsub(req.http.edge-query, "^ *[^ ]* *", "");
	if (req.http.edge-tag != "") {
		vsthrottle.return_token(req.http.edge-tag, 1, 2s);
		set req.http.edge-denied = vsthrottle.is_denied(req.http.edge-tag, 1, 2s);
		vsthrottle.return_token(req.http.edge-tag, 1, 30s);
		set req.http.edge-denied = vsthrottle.is_denied(req.http.edge-tag, 1, 30s);
	}
}

# A write that succeeded ends what is kept of its address, and of those that its answer names (RFC 9111, 4.4). Only
# addresses of this host: an absolute one is not followed.
sub invalidate_written {
	if (req.http.edge-fwd != "method" || req.method == "OPTIONS" || req.method == "TRACE" ||
	    resp.status < 200 || resp.status >= 400) {
		return;
	}
	set req.http.edge-purged = xkey.purge("url=" + regsuball(req.url, "[,\s]", "_"));
	if (resp.http.Location ~ "^/") {
		set req.http.edge-purged = xkey.purge("url=" + regsuball(resp.http.Location, "[,\s]", "_"));
	}
	if (resp.http.Content-Location ~ "^/") {
		set req.http.edge-purged = xkey.purge("url=" + regsuball(resp.http.Content-Location, "[,\s]", "_"));
	}
}
