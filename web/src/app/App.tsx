import { VisuallyHidden } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, type ReactElement, Suspense } from "react";
import { Link, Route, Switch, useLocation } from "wouter";

import { Overview } from "@/features/overview/Overview";
import { ApiError } from "@/shared/api/client";
import { keepKey, keyInUse } from "@/shared/api/credentials";
import { statusQuery } from "@/shared/api/queries";
import { Empty, SignIn } from "@/shared/ui/States";
import { words } from "@/shared/words";

import { Boundary } from "./Boundary";
import { Shell } from "./Shell";

const Customers = lazy(() => import("@/features/customers/Customers").then((one) => ({ default: one.Customers })));
const Customer = lazy(() => import("@/features/customer/Customer").then((one) => ({ default: one.Customer })));
const Data = lazy(() => import("@/features/data/Data").then((one) => ({ default: one.Data })));

/** The dashboard: its pages, or the question who is there. */
export function App(): ReactElement {
  const { error } = useQuery(statusQuery);
  const queries = useQueryClient();
  const [place] = useLocation();
  if (error instanceof ApiError && error.status === 401) {
    return (
      <SignIn
        wrong={keyInUse() !== null}
        onKey={(key) => {
          keepKey(key);
          void queries.resetQueries();
        }}
      />
    );
  }
  return (
    <Shell>
      <Boundary place={place}>
        <Suspense>
          <Switch>
            <Route path="/" component={Overview} />
            <Route path="/customers" component={Customers} />
            <Route path="/customers/:id">{({ id }) => <Customer key={id} id={decodeURIComponent(id)} />}</Route>
            <Route path="/data/:part?">{({ part }) => <Data part={part} />}</Route>
            <Route>
              <VisuallyHidden component="h1">{words.product}</VisuallyHidden>
              <Empty
                title={words.states.notFoundTitle}
                help=""
                action={<Link href="/">{words.states.notFoundHelp}</Link>}
              />
            </Route>
          </Switch>
        </Suspense>
      </Boundary>
    </Shell>
  );
}
