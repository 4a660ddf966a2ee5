import { expect, test } from "vitest";
import { textOfHtml } from "../../../ops/import/feed/html-text.ts";

test.each([
  ["plain\ntext", "plain\ntext"],
  ["<p>One</p>\n<p>Two <b>bold</b>&nbsp;&eacute;</p>", "One\n\nTwo bold é"],
  ["a<br/>b<BR>c", "a\nb\nc"],
  ['<ul class="x"><li>one<li>two</ul>', "- one\n- two"],
  ["1 < 2 & 3 <two>\nfour", "1 < 2 & 3 <two>\nfour"],
  ["<script>alert('<p>')</script>ok<style>p{}</style><!-- <p> -->", "ok"],
  ["&lt;script&gt; is text", "<script> is text"],
  ["<o:p></o:p><span\nid=x>y</span>", "y"],
])("%j is %j", (html, text) => {
  expect(textOfHtml(html)).toBe(text);
});
