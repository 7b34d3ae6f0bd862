#include "gradus/report/sections.h"

namespace gradus {

const std::string& page_style() {
  static const std::string style = R"css(
:root{color-scheme:light dark;--paper:#fff;--ink:#16191d;--soft:#505a66;--line:#e3e6eb;--tint:#f5f7f9;--accent:#0b62b8;
--good:#08795a;--warn:#b5450a;--part0:#0b62b8;--part1:#d1500a;--part2:#08875c;--part3:#9c3a92;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
@media screen and (prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e9ecf0;--soft:#a8b2be;--line:#29303a;
--tint:#1b2027;--accent:#64abf7;--good:#4bcb9b;--warn:#ff9454;--part0:#64abf7;--part1:#ff9454;
--part2:#4bcb9b;--part3:#dd93d5}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:64px}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
header,.page,footer{max-width:1180px;margin:0 auto;padding:0 clamp(16px,4vw,40px)}
header{padding-top:clamp(28px,5vw,56px);padding-bottom:clamp(14px,2vw,20px)}
h1,h2,h3{line-height:1.2;text-wrap:balance;overflow-wrap:anywhere}
h1{font-size:clamp(30px,5.4vw,46px);font-weight:680;letter-spacing:-.022em;margin:0}
h2{font-size:23px;font-weight:660;letter-spacing:-.012em;margin:0 0 18px}
h3{font-size:15px;font-weight:640;margin:32px 0 10px}
p{margin:0}a{color:var(--accent)}
.kicker{color:var(--accent);font-size:13px;font-weight:620;letter-spacing:.04em;margin-bottom:8px}
.about{display:flex;flex-wrap:wrap;gap:2px 22px;color:var(--soft);margin-top:12px}
nav{position:sticky;top:0;z-index:2;display:flex;gap:4px 22px;overflow-x:auto;margin:0 calc(-1*clamp(16px,4vw,40px));
padding:0 clamp(16px,4vw,40px);background:var(--paper);border-bottom:1px solid var(--line);scrollbar-width:none}
nav a{flex:none;padding:12px 0 11px;color:var(--soft);font-size:14px;text-decoration:none}
nav a:hover,nav a.here{color:var(--ink)}nav a.here{box-shadow:inset 0 -2px var(--accent)}
main{min-width:0}
section{padding:clamp(32px,4vw,46px) 0;border-bottom:1px solid var(--line)}section:last-child{border:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));gap:22px 20px;margin:0 0 30px}
.tiles div{border-top:2px solid var(--line);padding-top:10px;display:flex;flex-direction:column-reverse;
justify-content:flex-end}
.tiles div:first-child{border-color:var(--accent)}
.tiles dt{color:var(--soft);font-size:13.5px;line-height:1.3}
.tiles dd{margin:0;font-size:25px;font-weight:640;letter-spacing:-.02em;line-height:1.25;
font-variant-numeric:tabular-nums}
.tiles dd.long{font-size:20px;line-height:31px}
.statements{list-style:none;margin:0;padding:0;max-width:780px}
.statements li{display:flex;gap:13px;padding:9px 0}
.sign{flex:none;width:22px;height:22px;margin-top:2px;border-radius:50%;display:grid;place-items:center;font-size:13px;
font-weight:700;color:var(--paper);background:var(--soft)}
.good .sign{background:var(--good)}.warning .sign{background:var(--warn)}
.spoken{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.skip{position:absolute;left:-999px}.skip:focus{left:16px;top:8px;z-index:3;background:var(--paper);padding:8px}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:40px 44px}
figure{margin:0;min-width:0}
.plots>figure{max-width:640px}
figcaption,.hint,.lead{color:var(--soft);font-size:14.5px;line-height:1.5;max-width:68ch}
figcaption{margin-top:10px}.hint{margin:10px 0 0}h3+.hint{margin:-4px 0 12px}.lead{font-size:16px;margin-bottom:18px}
.plot{display:block;width:100%;height:auto;outline-offset:4px}.plot[data-area]{touch-action:pan-y}
.scroll{overflow-x:auto}.tall{overflow-y:auto;max-height:560px}
.beside{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:16px 48px;margin-top:40px;align-items:start}
.beside h3:first-child{margin-top:0}.stack{margin-top:40px}.stack .confusion{max-width:820px}
table{border-collapse:collapse;width:100%;font-size:14.5px;font-variant-numeric:tabular-nums}
th,td{padding:8px 16px 8px 0;text-align:left;vertical-align:baseline;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:4px}
thead th{color:var(--soft);font-size:13px;font-weight:560;white-space:nowrap;line-height:1.3}
thead .num{white-space:normal}
.tall thead th{position:sticky;top:0;background:var(--paper);box-shadow:inset 0 -1px var(--line)}
td:last-child:not(.num){min-width:150px}
tbody th{font-weight:520;overflow-wrap:break-word;min-width:100px;max-width:340px}
th small{display:block;color:var(--soft);font-size:13px;font-weight:400;line-height:1.35}
.num{text-align:right;white-space:nowrap}
tfoot th,tfoot td{font-weight:640;border-bottom:0}
.bar{display:block;height:4px;border-radius:2px;background:var(--line)}
.num .bar{display:inline-block;width:52px;margin-right:10px;vertical-align:3px}
.bar i{display:block;height:4px;border-radius:2px;background:var(--accent)}
.mono,code{font-family:var(--mono);font-size:13px}.mono{white-space:nowrap}
.sentences{margin:0;padding-left:20px;max-width:76ch;font-size:14.5px}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:16px 28px;margin:0}
.facts dt{color:var(--soft);font-size:13px}.facts dd{margin:0;overflow-wrap:anywhere}
.parts{display:flex;height:14px;gap:2px;border-radius:4px;overflow:hidden}
.parts i{min-width:2px}.part0{background:var(--part0)}.part1{background:var(--part1)}.part2{background:var(--part2)}
.part3{background:var(--part3)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 26px;margin:10px 0 0;padding:0;font-size:14.5px}
.legend i{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:8px}
.legend b{font-weight:640}.legend small{color:var(--soft);font-size:13px}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(112px,1fr));gap:22px 18px}
.pictures img{display:block;width:100%;height:auto;border-radius:4px;background:var(--tint);
outline:1px solid var(--line);outline-offset:-1px}
.strips img{border-radius:0;background:none;outline:0}
.coarse{image-rendering:pixelated}
.pictures.strips{grid-template-columns:repeat(auto-fill,minmax(min(100%,260px),1fr));gap:26px 28px}
.sheets{display:grid;gap:14px}.sheets figure{display:grid;grid-template-columns:128px minmax(0,1fr);gap:4px 20px;
align-items:center}
.sheets figure.alone{grid-template-columns:minmax(0,1fr)}
.sheets figcaption{margin:0;font-size:13.5px;line-height:1.35;color:var(--ink);overflow-wrap:anywhere}
.sheets small{display:block;color:var(--soft);font-size:12.5px}
.sheets img{display:block;height:auto}.lead+.legend{margin:-6px 0 18px}
.pictures figcaption{margin-top:8px;font-size:13px;line-height:1.35}
.pictures span{display:block;overflow-wrap:anywhere}
.truth{color:var(--ink)}.answer{color:var(--warn)}.sure{margin-top:5px;font-size:12px}.sure .bar{margin-bottom:3px}
.metrics{max-width:760px}.forecast{max-width:860px;margin-bottom:30px}
.texts td:last-child{overflow-wrap:anywhere;width:65%;line-height:1.4}
.truth::before{content:"✓ ";color:var(--good)}.answer::before{content:"✗ "}
.key{display:flex;gap:22px;font-size:14px;margin-bottom:16px}
.pictures .bar i{background:var(--warn)}
details{margin-top:28px}summary{cursor:pointer;color:var(--accent);font-size:14.5px;padding:4px 0}
details .scroll{margin-top:8px;max-height:480px;overflow-y:auto}
pre{margin:0;padding:16px 18px;background:var(--tint);border-radius:6px;line-height:1.6;tab-size:4}
pre.scroll{max-height:640px;overflow:auto}pre.sample{white-space:pre-wrap}.code{position:relative}
.heading{font-weight:700}.name{color:var(--accent)}.comment{color:var(--soft)}
.copy{position:absolute;right:0;top:-36px;font:inherit;font-size:12.5px;padding:3px 10px;border:1px solid var(--line);
border-radius:5px;background:var(--paper);color:var(--soft);cursor:pointer}.copy:hover{color:var(--ink)}
footer{color:var(--soft);font-size:13.5px;padding-top:20px;padding-bottom:48px}
.tip{position:absolute;z-index:4;pointer-events:none;padding:7px 11px;border-radius:6px;background:var(--ink);
color:var(--paper);font-size:13px;line-height:1.45;font-variant-numeric:tabular-nums;white-space:nowrap}
.tip b{font-weight:620}.tip i{display:inline-block;width:9px;height:9px;border-radius:50%;margin-right:7px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@media (min-width:1080px){.page{display:grid;grid-template-columns:150px minmax(0,1fr);gap:0 56px}
nav{flex-direction:column;align-self:start;margin:0;padding:48px 0 0;border:0;gap:0}
nav a{padding:5px 0 5px 14px;border-left:2px solid var(--line)}
nav a.here{box-shadow:none;border-color:var(--accent)}
header,footer{padding-left:246px}}
@media (max-width:860px){.beside{grid-template-columns:minmax(0,1fr)}}
@media (max-width:600px){.plot{font-size:14px}.plot .title{font-size:15.5px}.tiles{grid-template-columns:1fr 1fr}
.tiles dd{font-size:24px}.tiles dd.long{font-size:20px}th,td{padding-right:15px}.num .bar{display:none}
.facts{grid-template-columns:repeat(auto-fill,minmax(140px,1fr))}
.pictures{grid-template-columns:repeat(auto-fill,minmax(94px,1fr));gap:18px 12px}
.sheets figure{grid-template-columns:minmax(0,1fr)}.sheets{gap:18px}}
@media print{nav,.skip,.copy,.tip{display:none}body{font-size:11pt}.page{display:block}
header,.page,footer{max-width:none;padding-left:0;padding-right:0}
figure,.tiles,tr,.statements li{break-inside:avoid}.plots{grid-template-columns:1fr 1fr}h2,h3{break-after:avoid}section{padding:18pt 0}
.scroll,.tall,pre.scroll{overflow:visible;max-height:none}pre{white-space:pre-wrap}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";
  return style;
}

}  // namespace gradus
