// Files a request with openapi-fetch, by the types that openapi-typescript makes, and reads it again.
import createClient from "openapi-fetch";

import type { components, paths } from "./openapi-fetch/schema";

const client = createClient<paths>({
  baseUrl: process.env.ENTRAIDE!,
  headers: { Authorization: `Bearer ${process.env.TOKEN}` },
});

const request: components["schemas"]["FileRequest"] = {
  language: "en",
  title: process.env.TITLE!,
  lines: [
    {
      kind: "mla_training",
      topics: ["mutual_legal_assistance"],
      articles: ["UNTOC:18"],
      institution: "central_authority",
      group_size: 20,
      languages: ["en"],
      modality: "in_person",
      window: { from: "2027-03-01", until: "2027-06-30" },
    },
  ],
  submit: true,
};

async function main(): Promise<void> {
  const filed = await client.POST("/v1/requests", {
    params: { header: { "Idempotency-Key": process.env.KEY! } },
    body: request,
  });
  if (!filed.data) throw new Error(filed.error.slug);
  const shown = await client.GET("/v1/requests/{request_id}", {
    params: { path: { request_id: filed.data.request_id } },
  });
  if (!shown.data) throw new Error(shown.error.slug);
  const refused = await client.GET("/v1/requests/{request_id}", {
    params: { path: { request_id: process.env.NOWHERE! } },
  });
  console.log(JSON.stringify({ status: shown.data.status, title: shown.data.title, refused: refused.error?.slug }));
}

void main();
