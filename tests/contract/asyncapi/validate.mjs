import pkg from '@asyncapi/parser'; import fs from 'fs';
const {Parser}=pkg; const p=new Parser(); const r=await p.parse(fs.readFileSync(process.argv[2],'utf8'));
const bad=r.diagnostics.filter(d=>d.severity===0); console.log(JSON.stringify(r.diagnostics.slice(0,8).map(d=>[d.severity,d.code,d.message,d.path.join('.')]),null,1)); process.exit(bad.length||!r.document?1:0);
