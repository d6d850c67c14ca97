package handlers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// packages is a folder with the npm packages of integration/packages.sh. CI
// requires them; elsewhere the tests that need them are skipped, because the
// others need nothing but Go and Node.js.
func packages(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("EDGEDEPLOY_TEST_PACKAGES")
	if dir == "" {
		if os.Getenv("EDGEDEPLOY_REQUIRE_PACKAGES") != "" {
			t.Fatal("EDGEDEPLOY_TEST_PACKAGES is not set: export EDGEDEPLOY_TEST_PACKAGES=$(integration/packages.sh .tools/packages)")
		}
		t.Skip("skipped: it needs npm packages; export EDGEDEPLOY_TEST_PACKAGES=$(integration/packages.sh .tools/packages)")
	}
	return dir
}

// Packages that nobody here wrote, each with another way of being glue, run
// from their packed zip.
func TestPackagesByOthersRun(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script string
		want   object
	}{
		"photon-node": {`import { PhotonImage, resize, SamplingFilter } from '@silvia-odwyer/photon-node';
export async function handler() {
  const image = new PhotonImage(new Uint8Array(4 * 8 * 6).fill(200), 8, 6);
  const small = resize(image, 4, 3, SamplingFilter.Triangle);
  return { status: '200', body: String([small.get_width(), small.get_height(), small.get_raw_pixels()[0]]) };
}`, object{"status": "200", "body": "4,3,200"}},
		"resvg-wasm, given its module": {`import { initWasm, Resvg } from '@resvg/resvg-wasm';
import module from '@resvg/resvg-wasm/index_bg.wasm';
let ready;
export async function handler() {
  await (ready ??= initWasm(module));
  const image = new Resvg('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="7"><rect width="10" height="7" fill="#f00"/></svg>').render();
  return { body: String([image.width, image.height, ...image.pixels.slice(0, 4), Buffer.from(image.asPng()).toString('latin1', 1, 4)]) };
}`, object{"body": "10,7,255,0,0,255,PNG"}},
		"tiktoken, which looks in many places": {`import { get_encoding } from 'tiktoken';
const encoding = get_encoding('cl100k_base');
export const handler = () => ({ body: encoding.encode('hello world').join() });`, object{"body": "15339,1917"}},
		"cedar-wasm for bundlers": {`import { getCedarVersion } from '@cedar-policy/cedar-wasm';
export const handler = () => ({ body: getCedarVersion() });`, object{"body": "4.13.0"}},
		"cedar-wasm for Node.js": {`import { getCedarVersion } from '@cedar-policy/cedar-wasm/nodejs';
export const handler = () => ({ body: getCedarVersion() });`, object{"body": "4.13.0"}},
		"html-rewriter-wasm, with snippets": {`import { HTMLRewriter } from 'html-rewriter-wasm';
export async function handler() {
  let body = '';
  const rewriter = new HTMLRewriter((chunk) => { body += Buffer.from(chunk); });
  rewriter.on('p', { async element(e) { e.setInnerContent('new'); } });
  try {
    await rewriter.write(Buffer.from('<p>old</p>'));
    await rewriter.end();
  } finally {
    rewriter.free();
  }
  return { body };
}`, object{"body": "<p>new</p>"}},
		"minify-html, with typed references": {`import { minify } from '@minify-html/wasm';
export const handler = () => ({ body: Buffer.from(minify(Buffer.from('<p  class="a" >  b  </p>'), { keep_closing_tags: true })).toString() });`, object{"body": "<p class=a>b</p>"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(filepath.Join(dir, "node_modules"), os.DirFS(filepath.Join(packages(t), "node_modules"))); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "h.ts"), []byte(tt.script), 0o600); err != nil {
				t.Fatal(err)
			}
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			b, err := bundle.Build(root, bundle.Function{Name: "h", Entry: "h.ts", Runtime: "nodejs22.x"})
			if cerr := root.Close(); err != nil || cerr != nil {
				t.Fatal(err, cerr)
			}
			t.Logf("%d bytes, warnings %q", len(b.Zip), b.Warnings)
			onEachNode(t, func(t *testing.T, node string) {
				if version := nodeVersion(t, node); strings.HasPrefix(version, "v20.") && strings.Contains(name, "typed references") {
					t.Skipf("%s does not take its module; Lambda's releases from nodejs22.x on do", version)
				}
				e := event("viewer-request", "")
				s := run(t, node, b, e, e)
				if s.Load != "" {
					t.Fatal(s.Load)
				}
				for _, o := range s.Outcomes {
					if o.Error != "" || len(o.texts("error")) > 0 {
						t.Errorf("%s, logs %v", o.Error, o.Logs)
					}
					if diff := cmp.Diff(tt.want, o.Result); diff != "" {
						t.Errorf("-want +got\n%s", diff)
					}
				}
			})
		})
	}
}
