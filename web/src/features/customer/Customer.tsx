import { Anchor, Badge, Group, Paper, Skeleton, Text, Title, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, type ReactNode, useState } from "react";
import { Link } from "wouter";

import type { Schemas } from "@/shared/api/client";
import { tableQuery } from "@/shared/api/queries";
import { useLook } from "@/shared/charts/look";
import { type ColumnName, heading, shown } from "@/shared/columns/columns";
import { useFormats } from "@/shared/format/useFormats";
import { Dot } from "@/shared/ui/Dot";
import { listAddress } from "@/shared/ui/lastList";
import { Failure } from "@/shared/ui/States";
import { useTitle } from "@/shared/ui/useTitle";
import { words } from "@/shared/words";

import classes from "./Customer.module.css";
import { customerQuery } from "./queries";
import { Spend } from "./Spend";
import { Timeline } from "./Timeline";
import { WhyModal } from "./WhyModal";

const said = words.customer;

const GROUPS: readonly { title: string; columns: readonly ColumnName[] }[] = [
  {
    title: said.value,
    columns: [
      "total_lifetime_value",
      "customer_lifetime_value",
      "average_order_value",
      "annual_spend",
      "total_purchases",
      "total_returns",
      "first_purchase_date",
      "last_purchase_date",
    ],
  },
  {
    title: said.scores,
    columns: [
      "customer_segment",
      "rfm_segment",
      "recency_score",
      "frequency_score",
      "monetary_score",
      "churn_risk_score",
      "engagement_score",
      "days_since_last_purchase",
    ],
  },
  {
    title: said.favourites,
    columns: [
      "favorite_product_category",
      "favorite_brand",
      "most_viewed_product_category",
      "preferred_marketing_channel",
    ],
  },
  {
    title: said.contacts,
    columns: [
      "total_interactions",
      "resolution_rate",
      "average_satisfaction_score",
      "last_interaction_date",
      "last_interaction_type",
      "campaigns_engaged",
      "campaign_response_rate",
      "total_website_visits",
      "average_pages_per_visit",
      "average_time_spent_on_site",
      "last_visit_date",
      "days_since_last_visit",
    ],
  },
];

/** One customer: who it is, what they are worth, why, and what they did. */
export function Customer({ id }: { id: string }): ReactElement {
  const { data, error, refetch } = useQuery(customerQuery(id));
  useTitle(data ? nameOf(data.customer) : words.pages.customers);
  const [asked, setAsked] = useState<string | null>(null);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton h={480} mt="md" aria-label={words.loading} />;
  return (
    <>
      <Who profile={data} onWhy={setAsked} />
      <div className={classes.grid}>
        <div className={classes.wide}>
          <Card title={said.spend}>
            <Spend id={id} />
          </Card>
        </div>
        <div className={classes.narrow}>
          <Values group={2} customer={data.customer} onWhy={setAsked} />
        </div>
        {[0, 1, 3].map((group) => (
          <div key={group} className={classes.narrow}>
            <Values group={group} customer={data.customer} onWhy={setAsked} />
          </div>
        ))}
        <div style={{ gridColumn: "1 / -1" }}>
          <Card title={said.timeline}>
            <Timeline id={id} asOf={data.as_of} />
          </Card>
        </div>
      </div>
      {asked && <WhyModal id={id} column={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

function Who({ profile, onWhy }: { profile: Schemas["Profile"]; onWhy: (column: string) => void }): ReactElement {
  const { customer, masked } = profile;
  const look = useLook();
  const formats = useFormats();
  const contact = [
    { column: "email", text: customer.email },
    { column: "phone_number", text: customer.phone_number },
    { column: "date_of_birth", text: customer.date_of_birth && said.born(dayOf(customer.date_of_birth)) },
  ];
  return (
    <header>
      <Anchor component={Link} href={listAddress()} fz="sm" display="inline-block" mt="md">
        {said.back}
      </Anchor>
      <Group align="baseline" gap="sm" style={{ rowGap: 4 }}>
        <Title order={1} size="h2" className={classes.name ?? ""}>
          {nameOf(customer)}
        </Title>
        <Text c="dimmed" className="figures">
          {said.number(customer.customer_id)}
        </Text>
        <UnstyledButton onClick={() => onWhy("rfm_segment")} title={said.why(heading("rfm_segment"))}>
          <Badge variant="default" tt="none" leftSection={<Dot colour={look.of(customer.rfm_segment ?? "")} />}>
            {customer.rfm_segment}
          </Badge>
        </UnstyledButton>
        <UnstyledButton onClick={() => onWhy("customer_segment")} title={said.why(heading("customer_segment"))}>
          <Badge variant="default" tt="none" leftSection={<Dot colour={look.of(customer.customer_segment ?? "")} />}>
            {customer.customer_segment}
          </Badge>
        </UnstyledButton>
      </Group>
      <Group gap="md" mb="md" mt={4} style={{ rowGap: 2 }}>
        {contact.map(
          ({ column, text }) =>
            text && (
              <Text key={column} size="sm" title={masked.includes(column) ? words.states.masked : undefined}>
                {text}
              </Text>
            ),
        )}
        <Text size="sm" c="dimmed">
          {customer.registration_date ? said.since(formats.day(customer.registration_date)) : said.sinceUnknown} ·{" "}
          {words.asOf(formats.day(profile.as_of))}
        </Text>
      </Group>
    </header>
  );

  function dayOf(value: string): string {
    return /^\d{4}-\d{2}-\d{2}$/.test(value) ? formats.day(value) : value; // a masked one is no day
  }
}

function nameOf(customer: Schemas["Customer"]): string {
  return [customer.first_name, customer.last_name].filter(Boolean).join(" ") || customer.customer_id;
}

interface ValuesProps {
  group: number;
  customer: Schemas["Customer"];
  onWhy: (column: string) => void;
}

function Values({ group, customer, onWhy }: ValuesProps): ReactElement | null {
  const { data: table } = useQuery(tableQuery("customer_360"));
  const formats = useFormats();
  const one = GROUPS[group];
  if (!one) return null;
  return (
    <Card title={one.title}>
      <div className={classes.values}>
        {one.columns.map((name) => {
          const column = table?.columns.find((meaning) => meaning.column === name);
          if (!column) return null;
          return (
            <UnstyledButton
              key={name}
              className={classes.value ?? ""}
              title={said.why(heading(name))}
              onClick={() => onWhy(name)}
            >
              <Text fz={12} c="dimmed">
                {heading(name)}
              </Text>
              <Text fz={15} fw={600} className="figures">
                {shown(column, customer[name], formats)}
              </Text>
            </UnstyledButton>
          );
        })}
      </div>
    </Card>
  );
}

function Card({ title, children }: { title: string; children: ReactNode }): ReactElement {
  return (
    <Paper component="section" withBorder radius="md" className={classes.card ?? ""} h="100%" aria-label={title}>
      <Title order={2} fz={14} mb="sm">
        {title}
      </Title>
      {children}
    </Paper>
  );
}
