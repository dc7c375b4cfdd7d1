package io.pgbackup.page;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/// How the page looks, and what a browser may do with it: nothing but draw it.
final class PageStyle {
  static final String CSS =
      """
      :root{color-scheme:light dark;--ink:#1c2430;--soft:#5a6675;--paper:#fff;--line:#d9dee5;\
      --good:#116b3c;--waiting:#8a5a00;--bad:#b3261e;--window:#2f9e64;--none:#e7eaee}
      @media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#9aa6b4;--paper:#14181e;\
      --line:#333b46;--good:#5fd39a;--waiting:#f0b84a;--bad:#ff8a80;--window:#37a56d;--none:#262d36}}
      body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
      main{max-width:60rem;margin:0 auto;padding:1rem}
      header{border-bottom:1px solid var(--line)}
      .cluster{margin:0;color:var(--soft)}
      h1{margin:0;font-size:2rem}h2{font-size:1.1rem;margin:1.5rem 0 .5rem}
      h3{font-size:1rem;margin:1rem 0 .25rem}
      .good{color:var(--good)}.waiting{color:var(--waiting)}.bad{color:var(--bad)}
      .detail{margin:.25rem 0 1rem}
      time{white-space:nowrap}
      small,dt,figcaption,.axis{color:var(--soft)}
      ul{padding-left:1.2rem;margin:.5rem 0}
      .problems{list-style:none;padding:0}
      .problems li{border-left:4px solid var(--bad);padding:.25rem .75rem;margin:.5rem 0;\
      overflow-wrap:anywhere}
      .problems p{margin:.25rem 0 0}
      dl{display:grid;grid-template-columns:minmax(6rem,10rem) 1fr;gap:.25rem 1rem;margin:0}
      dd{margin:0;overflow-wrap:anywhere}
      progress{width:8rem;vertical-align:middle}
      figure{margin:0}figcaption{font-size:.85rem}
      svg{display:block;width:100%;height:26px}
      .none{fill:var(--none)}.window{fill:var(--window)}.tick{fill:var(--ink)}
      .gap{fill:var(--bad);opacity:.55}
      .axis{display:flex;justify-content:space-between;font-size:.85rem;margin:.1rem 0 .5rem}
      .legend{display:flex;flex-wrap:wrap;gap:.1rem 1rem;font-size:.85rem;margin:0 0 .5rem;\
      color:var(--soft)}
      .legend svg{display:inline-block;width:.75rem;height:.75rem;margin-right:.35rem}
      .wide{overflow-x:auto}
      table{border-collapse:collapse;width:100%;font-size:.9rem}
      th,td{text-align:left;padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line);\
      white-space:nowrap}
      th{color:var(--soft);font-weight:normal}.number{text-align:right}
      .name{font-family:ui-monospace,monospace;font-size:.85em}
      @media(max-width:34rem){h1{font-size:1.5rem}dl{grid-template-columns:1fr;gap:0}\
      dd{margin-bottom:.5rem}.axis span{display:none}}
      """;

  static final String POLICY =
      "default-src 'none'; style-src 'sha256-"
          + digest()
          + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private PageStyle() {}

  private static String digest() {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(CSS.getBytes(UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
